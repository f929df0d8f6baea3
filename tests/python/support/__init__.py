"""What several tests share: servers, small projects, fixtures and oracles."""

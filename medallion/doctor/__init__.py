"""`medallion doctor`: what this machine, this environment and this home lack, with each fix."""

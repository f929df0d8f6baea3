"""Words for generated and simulated rows. Countries are spelled as in the real dataset."""

# ruff: noqa: SIM905  # word lists are easiest to read as text

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

FIRST = """
    Amanda Bruno Carla Daniel Elif Farid Gloria Hana Igor Julia Kofi Lauren Mateo
    Nadia Omar Priya Quentin Rosa Sven Tariq Uma Victor Wanda Ximena Yusuf Zoe
""".split()
LAST = """
    Adams Berry Castillo Dubois Eriksen Fischer Gupta Haddad Ito Jenkins Kowalski
    Lopez Moreau Nguyen Olsen Petrov Quinn Rossi Silva Tanaka Ueda Vargas Weber Xu
    Yilmaz Zhang
""".split()
ADJECTIVES = """
    Adaptive Blue Distant Electric Fading Golden Hollow Quiet Restless Silver Velvet
""".split()
NOUNS = """
    Avenue Breeze Circle Dawn Echo Fire Garden Harbour Island Letter Mirror Ocean
    Road
""".split()
COUNTRIES = """
    Argentina Australia Brazil Canada Chile Denmark France Germany India Italy Japan
    Kenya Mexico Nigeria Norway Oman Poland Spain Suriname Sweden Switzerland Turkey
    Uruguay Vietnam Zimbabwe
""".split()
GENRES = ["Classical", "Electronic", "Hip-Hop", "Jazz", "Pop", "Rock"]
PLANS = ["Family", "Free", "Premium"]
DEVICES = ["Desktop", "Mobile", "Smart Speaker"]


def draw(rng: np.random.Generator, words: list[str], count: int) -> pa.Array:
    """`count` words, drawn uniformly."""
    return pa.array(words).take(pa.array(rng.integers(0, len(words), count)))


def people(rng: np.random.Generator, count: int) -> pa.Array:
    """`count` personal names."""
    return pc.binary_join_element_wise(draw(rng, FIRST, count), draw(rng, LAST, count), " ")


def titles(rng: np.random.Generator, count: int) -> pa.Array:
    """`count` titles of tracks or albums."""
    return pc.binary_join_element_wise(draw(rng, ADJECTIVES, count), draw(rng, NOUNS, count), " ")


def with_nulls(rng: np.random.Generator, values: pa.Array, share: float) -> pa.Array:
    """`values`, of which about `share` are replaced by NULL."""
    return pc.if_else(pa.array(rng.random(len(values)) < share), None, values)

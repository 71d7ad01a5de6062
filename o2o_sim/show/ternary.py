"""Three shares as one colour: a triangle with a colour at each corner, and mixtures of them between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Polygon

from .style import BLACK, GREY

CORNERS = {"survived": "#FADB4A", "integrated": "#005A9E", "closed": "#DC4814"}
"""The colour of a city whose stores all fare alike. They differ in lightness, so that a picture can be read
in grey, and no two of them are told apart by red and green alone."""
CONTRAST = 1.7
"""Power of the weights. Above 1 the corners' colours reach further and fewer places are greyish mixtures."""
LEAST_RANGE = 0.12
"""Shares that differ by less do not fill the colours: noise should not look like a finding."""

# Oklab, a space in which equal steps look equally large (Ottosson 2020): linear light to cones to opponents.
_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_OPPONENTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
HEIGHT = float(np.sqrt(3) / 2)
_AT = {"survived": (0.0, 0.0), "integrated": (1.0, 0.0), "closed": (0.5, HEIGHT)}


def oklab(rgb: np.ndarray) -> np.ndarray:
    """sRGB colours (..., 3) from 0 to 1 in Oklab: lightness, green to red, blue to yellow."""
    light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return np.asarray(np.cbrt(light @ _CONES.T) @ _OPPONENTS.T)


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """Oklab colours (..., 3) in sRGB; what a screen cannot show is cut off in each channel."""
    light = np.clip((lab @ np.linalg.inv(_OPPONENTS).T) ** 3 @ np.linalg.inv(_CONES).T, 0, 1)
    return np.asarray(np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055))


def mixed(weights: np.ndarray) -> np.ndarray:
    """sRGB (..., 3) of the corners' colours mixed in Oklab by weights (..., 3), which sum to 1."""
    corners = oklab(np.array([to_rgb(c) for c in CORNERS.values()]))
    return np.clip(from_oklab(np.asarray(weights) @ corners), 0, 1)


@dataclass(frozen=True)
class Triangle:
    """The part of all possible shares that the colours show. `low` (3,) is the least of each share, met along
    the edge opposite its corner; at the corner it is `low + side`, and the other two are at their least."""

    low: np.ndarray
    side: float

    def weights(self, shares: np.ndarray) -> np.ndarray:
        """Weights (..., 3) of the corners for shares (..., 3), the place in the triangle; what lies beyond
        goes to its edge."""
        inside = np.clip((np.asarray(shares) - self.low) / self.side, 0, None)
        return np.asarray(inside / inside.sum(axis=-1, keepdims=True))

    def colours(self, shares: np.ndarray) -> np.ndarray:
        """sRGB (..., 3) of shares (..., 3)."""
        return _coloured(self.weights(shares))


def _coloured(weights: np.ndarray) -> np.ndarray:
    strong = weights**CONTRAST
    return mixed(strong / strong.sum(axis=-1, keepdims=True))


def triangle_around(shares: np.ndarray, least: float = LEAST_RANGE) -> Triangle:
    """The smallest triangle with edges parallel to those of all shares that holds these (n, 3), in whole per
    cent, but with a side of at least `least`."""
    low = np.floor(np.round(100 * shares.min(axis=0), 6)) / 100
    if 1 - low.sum() < least:
        low *= (1 - least) / low.sum()
    return Triangle(low, float(1 - low.sum()))


def draw_triangle(ax: Axes, triangle: Triangle, shares: np.ndarray) -> None:
    """The triangle with names and ranges at its corners, and a dot for each of some shares (n, 3)."""
    ax.set_axis_off()
    x, y = np.meshgrid(np.linspace(0, 1, 401), np.linspace(0, HEIGHT, 347))
    closed = y / HEIGHT
    integrated = x - closed / 2
    weights = np.clip(np.stack([1 - closed - integrated, integrated, closed], axis=-1), 0, 1)
    image = ax.imshow(
        _coloured(weights / weights.sum(axis=-1, keepdims=True)), origin="lower", extent=(0, 1, 0, HEIGHT)
    )
    corners = np.array(list(_AT.values()))
    frame = Polygon(corners, closed=True, fill=False, ec=GREY, lw=0.8)
    ax.add_patch(frame)
    image.set_clip_path(frame)
    dots = triangle.weights(shares) @ corners
    ax.scatter(dots[:, 0], dots[:, 1], s=6, color=BLACK, edgecolors="white", lw=0.4, zorder=4)
    for (fate, place), low in zip(_AT.items(), triangle.low):
        top = fate == "closed"
        ax.annotate(
            f"{fate}\n{100 * low:.0f} → {100 * (low + triangle.side):.0f} %", place,
            xytext=(0, 5 if top else -5), textcoords="offset points",
            ha="center", va="bottom" if top else "top", fontsize=10, fontweight="bold", linespacing=1.25,
        )  # fmt: skip
    ax.set_title("What becomes of the stores", loc="center", fontsize=10.5)
    text = "each share grows from\nthe far edge to its corner"
    ax.text(0.5, -0.3, text, ha="center", va="top", fontsize=8.5, color=GREY)
    ax.set(xlim=(-0.2, 1.2), ylim=(-0.5, HEIGHT + 0.24), aspect="equal")

"""The keys of the `city` block: the ground people live, work, travel and shop on.

A city is *synthesised* from centres, or *imported* from CSV files (`import`); never both. Everything drawn
on the map is in kilometres east (x) and north (y) of its south-west corner, or in degrees (lon, lat) where
the city was imported with degrees.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .keys import Block, Day, block, key

Point = Annotated[list[float], Field(min_length=2, max_length=2)]

DEFAULT_KM = 16.0
"""Width and height of a synthesised city that does not say."""

Column = Literal[
    "name", "x", "y", "lon", "lat", "population", "jobs", "income",
    "class", "floorspace_m2", "category", "format", "area_m2", "circle", "chain",
    "rent_yuan_m2_month", "sales_yuan_year", "quality", "cost_x", "opens", "integration",
    "from", "to", "minutes", "km",
]  # fmt: skip


class PlaceSpec(Block):
    """Where something stands: `x_km` and `y_km`, or `lon` and `lat`; nothing if an imported file says it."""

    x_km: float | None = key(None, "Distance east of the map's west edge", unit="km", ge=0, le=1000)
    y_km: float | None = key(None, "Distance north of the map's south edge", unit="km", ge=0, le=1000)
    lon: float | None = key(
        None, "Longitude, in a city imported with degrees", unit="degree", ge=-180, le=180
    )
    lat: float | None = key(None, "Latitude, in a city imported with degrees", unit="degree", ge=-90, le=90)

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.x_km is None) != (self.y_km is None):
            raise ValueError("x_km and y_km belong together")
        if (self.lon is None) != (self.lat is None):
            raise ValueError("lon and lat belong together")
        if self.x_km is not None and self.lon is not None:
            raise ValueError("give either x_km and y_km, or lon and lat, not both")
        return self

    @property
    def is_placed(self) -> bool:
        """True if the scenario itself says where this is."""
        return self.x_km is not None or self.lon is not None


class CentreSpec(Block):
    """A centre from which the density of people falls exponentially (Clark 1951)."""

    x_km: float = key(..., "Distance east of the map's west edge", unit="km", ge=0, le=1000)
    y_km: float = key(..., "Distance north of the map's south edge", unit="km", ge=0, le=1000)
    weight: float = key(
        1.0, "People who live around this centre, relative to the other centres", gt=0, le=1e6
    )
    spread_km: float = key(4.0, "Distance over which density falls by the factor e", unit="km", gt=0, le=100)


class IncomeSpec(Block):
    """How income varies over a synthesised city."""

    centre_x: float = key(
        1.3, "Income at the heaviest centre, as a multiple of income far from it", gt=0, le=20
    )
    spread_km: float = key(
        5.0, "Distance over which that difference fades by the factor e", unit="km", gt=0, le=1000
    )
    noise: float = key(
        0.25, "Standard deviation of the logarithm of income between neighbourhoods", ge=0, le=2
    )
    noise_km: float = key(
        1.5, "Distance over which neighbourhoods resemble each other", unit="km", ge=0.05, le=100
    )


def _one_of(first: list | None, second: list | None, names: str) -> None:
    if first and second:
        raise ValueError(f"give either {names}, not both")


class RiverSpec(Block):
    """A barrier crossed only at its bridges and by metro. Let it run past the edge of the map."""

    points_km: list[Point] = key(
        [], "The middle of the river, point by point, as [x, y]", unit="km", max_length=10_000
    )
    bridges_km: list[Point] = key(
        [], "The bridges, each a point [x, y] on the river", unit="km", max_length=10_000
    )
    points_lonlat: list[Point] = key(
        [], "Instead of points_km, as [lon, lat]", unit="degree", max_length=10_000
    )
    bridges_lonlat: list[Point] = key(
        [], "Instead of bridges_km, as [lon, lat]", unit="degree", max_length=10_000
    )
    width_m: float = key(
        400.0, "Width; nobody lives in cells whose middle is in the water", unit="m", gt=0, le=20_000
    )

    @model_validator(mode="after")
    def _course(self) -> Self:
        _one_of(self.points_km, self.points_lonlat, "points_km or points_lonlat")
        _one_of(self.bridges_km, self.bridges_lonlat, "bridges_km or bridges_lonlat")
        if len(self.points_km or self.points_lonlat) < 2:
            raise ValueError("a river needs at least two points")
        return self


class MetroLine(Block):
    """A metro line: stations in order, a speed, a wait, and perhaps a day on which it opens."""

    stations_km: list[Point] = key([], "The stations in order, each [x, y]", unit="km", max_length=10_000)
    stations_lonlat: list[Point] = key(
        [], "Instead of stations_km, as [lon, lat]", unit="degree", max_length=10_000
    )
    kmh: float = key(35.0, "Average speed between stations, stops included", unit="km/h", gt=0, le=500)
    wait_min: float = key(
        6.0, "Way to and from the platform and the wait, once per ride", unit="min", ge=0, le=120
    )
    opens: Day | None = key(None, "First day of service; none if it runs from the start")

    @model_validator(mode="after")
    def _stations(self) -> Self:
        _one_of(self.stations_km, self.stations_lonlat, "stations_km or stations_lonlat")
        if len(self.stations_km or self.stations_lonlat) < 2:
            raise ValueError("a metro line needs at least two stations")
        return self


class ImportSpec(Block):
    """A real city from CSV files (UTF-8, a header line). Paths start from the scenario's folder.

    All files give places in the same way: `x`, `y` in metres, or `lon`, `lat` in degrees. With a `travel`
    table they need no places."""

    zones: str = key(
        ...,
        "Zones: name (or zone), place, population (or households), optional income and jobs",
        min_length=1,
    )
    circles: str | None = key(
        None, "Business circles: name (or circle), place, optional class and floorspace_m2", min_length=1
    )
    stores: str | None = key(
        None,
        "Stores: name (or store), place, format, area_m2; optional category (blank: all that the format sells), "
        "circle, chain, rent_yuan_m2_month, sales_yuan_year, quality, cost_x, opens, integration",
        min_length=1,
    )
    travel: str | None = key(
        None,
        "Travel table: from (a zone), to (a store, circle or zone), and minutes from door to door or km; it "
        "replaces all places, and the map becomes a diagram with a cell for each",
        min_length=1,
    )
    columns: dict[Column, str] = key({}, "Columns that go by another name in the files: ours: theirs")
    margin_km: float = key(3.0, "Land kept around the outermost zones", unit="km", ge=0, le=100)
    jobs_spread_km: float = key(
        1.0, "Distance over which jobs thin out around a circle by the factor e", unit="km", gt=0, le=100
    )

    def files(self) -> dict[str, str]:
        """The names of the files, by their keys: whatever is a text here names one."""
        return {name: value for name, value in self if isinstance(value, str)}


class CitySpec(Block):
    """The ground of the simulation."""

    cell_m: float = key(250.0, "Side of a square cell of the map", unit="m", ge=20, le=10_000)
    width_km: float | None = key(
        None, "Width of the map; 16 if synthesised, as wide as its zones if imported", unit="km", gt=0, le=500
    )
    height_km: float | None = key(
        None,
        "Height of the map; 16 if synthesised, as high as its zones if imported",
        unit="km",
        gt=0,
        le=500,
    )
    centres: dict[str, CentreSpec] | None = key(
        None,
        "Where people concentrate in a synthesised city; one in the middle if none is given",
        max_length=100,
    )
    background: float = key(0.15, "Share of people spread evenly over the land", ge=0, le=1)
    jobs_spread_x: float = key(
        0.5, "How far jobs spread around a centre, as a multiple of how far homes do", gt=0, le=10
    )
    jobs_at_homes: float = key(
        0.3, "Share of jobs spread as homes are; the others are at centres (or imported circles)", ge=0, le=1
    )
    income: IncomeSpec = block(IncomeSpec, "How income varies over a synthesised city")
    river: RiverSpec | None = key(None, "A river, if there is one")
    metro: dict[str, MetroLine] | None = key(None, "Metro lines by name", max_length=100)
    street_kmh: float = key(
        15.0,
        "Speed along the streets, mean of walking, cycling, bus and car",
        unit="km/h",
        gt=0,
        le=200,
    )
    access_min: float = key(
        4.0,
        "Fixed minutes of every one-way trip: leaving, parking, the last metres",
        unit="min",
        ge=0,
        le=120,
    )
    import_: ImportSpec | None = key(None, "Files of a real city, instead of centres", alias="import")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.import_ is not None and self.centres:
            raise ValueError("a city is synthesised from centres or imported, not both; set centres to null")
        if self.import_ is not None and self.import_.travel is not None:
            drawn = ("river", "metro", "width_km", "height_km")
            if given := [name for name in drawn if getattr(self, name) is not None]:
                raise ValueError(f"with import.travel there is no map; set {', '.join(given)} to null")
        return self

"""Where it happened, and the car: places of a row at the precision that may be shared.

Invariant: an address stays private; a city stands beside its district, and a region beside both.
"""

import re
from typing import Final

from node.desk.importers import appearance, phones
from node.desk.importers.gathered import Gathered
from node.desk.importers.plates import read_plates
from node.desk.importers.words import fold, is_nothing

_ADDRESS: Final = re.compile(r"\b\d+\w?\s+\w+|\b\w+(?:stra(?:ß|ss)e|str\.)\s*\d", re.UNICODE)


def read_where(row: Gathered) -> None:
    """Read the columns of places."""
    for name, header, text in row.of("location_type"):
        found = appearance.location_type_of(text)
        if found:
            row.fields[name] = found
        elif not is_nothing(text):
            row.fields[name] = "other"
            row.doubt(header, text, "other", "an unknown kind of place")
    for name, header, text in row.of("place.region", "place.city", "place.district", "place"):
        if not is_nothing(text):
            _place(row, name, header, text)
    for name, default in row.mapping.defaults.items():
        row.fields.setdefault(name, default)
    if "place.city" not in row.fields:
        row.fields.pop("place.district", None)  # signing needs the city beside it
    if row.setting.region and "place.region" not in row.fields:
        row.fields["place.region"] = row.setting.region
    if "place.region" not in row.fields:
        row.fields.pop("place.city", None)
        row.fields.pop("place.district", None)


def _place(row: Gathered, name: str, header: str, text: str) -> None:
    text = row.setting.places.get(fold(text.strip()), text.strip())
    if name == "place.region":
        region = appearance.region_code(text, row.setting.country)
        if region:
            row.fields[name] = region
        return
    if name == "place":
        if appearance.is_location_type(text):
            row.fields.setdefault("location_type", appearance.location_type_of(text) or "other")
            return
        text = _without_kind(row, header, text)
    if _ADDRESS.search(text) or phones.phones_in(text):
        city = text.rsplit(",", 1)[-1].strip() if "," in text else ""
        city = "" if re.search(r"\d", city) else city
        row.doubt(header, text, city, "an address: it stays private")
        text = city
    town = appearance.postcode_town(text) if row.setting.country == "GB" else None
    if town:
        row.fields.setdefault("place.city", town)
        row.fields["place.district"] = text.upper()
    elif name == "place" and "," in text:
        _town_and_district(row, text)
    elif text:
        row.fields.setdefault("place.city" if name == "place" else name, text)
    row.headers.setdefault(name, header)


def _without_kind(row: Gathered, header: str, text: str) -> str:
    """The town of "Motel 6 in Oakland"; the kind of place is noted, the house stays private."""
    found = appearance.behind_in(text)
    if found is None and "," in text and not phones.phones_in(text):
        first, last = (part.strip() for part in text.rsplit(",", 1))
        kind = appearance.location_type_of(first)
        if kind is not None and kind != "street" and not re.search(r"\d", last):
            found = first, last
    if found is None:
        return text
    house, town = found
    row.fields.setdefault("location_type", appearance.location_type_of(house) or "other")
    if not appearance.is_location_type(house):
        row.doubt(header, text, town, "the name of a house: it stays private")
    return town


def _town_and_district(row: Gathered, text: str) -> None:
    """Take "Holbeck, Leeds" and "Leeds, Holbeck" apart; behind a town may stand its region."""
    first, last = (part.strip() for part in text.rsplit(",", 1))
    region = _state(last, row.setting.country)
    if region is not None:
        row.fields["place.region"] = region
        if "," in first:
            _town_and_district(row, first)
        else:
            row.fields.setdefault("place.city", first)
        return
    if row.setting.town_score(first) > row.setting.town_score(last):
        first, last = last, first
    row.fields.setdefault("place.city", last)
    row.fields.setdefault("place.district", first)


def _state(text: str, country: str | None) -> str | None:
    """The state or province behind a town; by its code only where regions are named like towns."""
    by_name = country in {"US", "CA", "AU"}
    if not by_name and not re.fullmatch(r"[A-Z]{2,3}", text):
        return None
    region = appearance.region_code(text, country)
    return region if region is not None and region.startswith(f"{country}-") else None


def read_car(row: Gathered) -> None:
    """Read plates, and the car's make, model and colour."""
    country = row.setting.country
    for _, _, text in row.of("plate_region"):
        country = appearance.plate_country(text) or country
    cars: list[tuple[str, str, str]] = []
    for _, header, text in row.of("plate"):
        reading = read_plates(text, country)
        if any(_is_a_car(original) for original, _, _ in reading.doubts):
            cars.append(("vehicle", header, text))
            continue
        row.add("plate", reading.values, header)
        row.add("plate.part", reading.parts, header)
        for original, guess, reason in reading.doubts:
            row.doubt(header, original, guess, reason)
    parts: dict[str, str] = {}
    cars += row.of("vehicle", "vehicle.make", "vehicle.model", "vehicle.colour")
    for name, header, text in cars:
        if is_nothing(text):
            continue
        leaf = name.removeprefix("vehicle.")
        found, plates, partial = appearance.split_vehicle(text, country)
        row.add("plate", plates, header)
        row.add("plate.part", partial, header)
        # "grey van" in the column of makes, "black pick up" in that of colours: taken apart
        whole = leaf == "vehicle" or (leaf != "model" and "colour" in found and len(found) > 1)
        for key, value in (found if whole else {leaf: text}).items():
            have = parts.get(key)
            parts[key] = f"{have}, {value}" if have and key == "model" else have or value
            row.headers.setdefault(f"vehicle.{key}", header)
    row.fields.update({f"vehicle.{key}": value for key, value in parts.items()})


def _is_a_car(text: str) -> bool:
    """Whether what is no plate names a car: a colour, a make or a model."""
    found = appearance.split_vehicle(text, None)[0]
    return bool(found.keys() - {"model"}) or bool(appearance.car_in(text))

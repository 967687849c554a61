"""Values of ``$vector``: from JSON to 32-bit floats and back, in the form they were given."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from astrolabe.dataapi.language.allowances import allowed
from astrolabe.dataapi.language.error_codes import data_api_error
from astrolabe.dataapi.language.named_vectors import NamedVector
from astrolabe.dataapi.language.values import decode_base64, limit_violation, shown, type_name
from astrolabe.errors import DataApiError
from storage import jsontext
from storage.exact_floats import exact_floats
from storage.filters.matching import is_number
from storage.shapes import Metric, Vector, VectorForm, VectorValue
from storage.vectors.doubles import rest_of, whole

_EXACT = frozenset({int, Decimal})
"""What numbers of a request are read as."""

_NUMBERS = _EXACT | {float}

_SAMPLE = 8
"""Numbers of a vector that tell mostly whether all of them are short."""

_NEARLY_ZERO = 1e-12
"""Length below which a vector has no direction that cosine similarity could compare."""


def longest(dimension: int) -> int:
    """Return how many numbers a vector may have to be read at all, where those of ``dimension`` are kept."""
    return max(dimension, allowed().vector_dimension)


def parse_vector(value: object, most: int) -> VectorValue | None:
    """Turn the JSON value of a ``$vector`` into floats; null gives None.

    An array that this program computed itself may be a numpy array, and is taken as it is.

    Args:
        value: The JSON.
        most: How many numbers it may have; see :func:`longest`.

    Raises:
        DataApiError: SHRED_BAD_VECTOR_SIZE, SHRED_BAD_VECTOR_VALUE, SHRED_BAD_DOCUMENT_VECTOR_TYPE,
            SHRED_BAD_BINARY_VECTOR_VALUE or SHRED_DOC_LIMIT_VIOLATION.
    """
    if value is None:
        return None
    if isinstance(value, np.ndarray):
        return VectorValue(np.ascontiguousarray(value, dtype=np.float32))
    if isinstance(value, list):
        return _from_array(value, most)
    if isinstance(value, Mapping) and list(value) == ["$binary"]:
        return _from_binary(value["$binary"], most)
    if isinstance(value, Mapping) and "$binary" in value:
        raise data_api_error(
            "SHRED_BAD_FIELD_NAME",
            "A field name is not valid: '$binary' in '$vector' stands beside other names, and must be alone.\n\n"
            "Correct the value and resend the command.",
        )
    raise data_api_error(
        "SHRED_BAD_DOCUMENT_VECTOR_TYPE",
        f"'$vector' must be an array of numbers or {{\"$binary\": base64 text}}, not {type_name(value)}: "
        f"{shown(value)}.\n\nCorrect the value and resend the command.",
    )


def parse_vector_of(wanted: NamedVector, value: object) -> VectorValue | None:
    """Turn the JSON value of a ``$vector`` into floats that suit a collection's vectors; null gives None.

    Raises:
        DataApiError: As :func:`parse_vector`, :func:`check_length` and :func:`check_direction`.
    """
    vector = parse_vector(value, longest(wanted.dimension))
    if vector is not None:
        check_length(vector.data, wanted.dimension)
        check_direction(vector.data, wanted.metric)
    return vector


def _from_array(values: list[Any], most: int) -> VectorValue:
    _check_size(len(values), most)
    kinds = set(map(type, values))
    if kinds == {float}:
        return _from_floats(np.array(values, np.float64), values)
    if not kinds <= _EXACT:
        _check_numbers(values)
    text = jsontext.dumps(values) if kinds & {int, float} else f"[{','.join(map(str, values))}]"
    floats = None if int in kinds else exact_floats(text, jsontext.LONGEST_NUMBER)
    if floats is not None:
        return _from_floats(np.array(floats, np.float64), values)
    data = _nearest(np.fromstring(text[1:-1], np.float64, sep=","))
    _check_finite(data, values)
    return VectorValue(data, VectorForm.ARRAY, text)


def _from_floats(given: NDArray[np.float64], values: list[Any]) -> VectorValue:
    """Find the shortest form that gives 64-bit floats back."""
    data = _nearest(given)
    if not np.isfinite(data).all():
        _check_numbers(values)
        _check_finite(data, values)
    if np.array_equal(data, given):
        return VectorValue(data, VectorForm.WIDENED)
    if _shortest(data[:_SAMPLE], given[:_SAMPLE]) and _shortest(data, given):
        return VectorValue(data, VectorForm.ARRAY)
    rest = rest_of(given, data)
    if rest is not None:
        return VectorValue(data, VectorForm.DOUBLE, rest=rest)
    return VectorValue(data, VectorForm.ARRAY, jsontext.dumps(values))


def _shortest(data: Vector, given: NDArray[np.float64]) -> bool:
    return np.array_equal(floats_to_json(data), given)


def _nearest(given: NDArray[np.float64]) -> Vector:
    with np.errstate(over="ignore"):
        return given.astype(np.float32)


def floats_of(values: list[Any], most: int) -> Vector:
    """Return the 32-bit floats of a JSON array, for where nobody asks how they were spelled.

    Raises:
        DataApiError: SHRED_BAD_VECTOR_SIZE, SHRED_BAD_VECTOR_VALUE or SHRED_DOC_LIMIT_VIOLATION.
    """
    _check_size(len(values), most)
    if not set(map(type, values)) <= _NUMBERS:
        _check_numbers(values)
    try:
        data = _nearest(np.array(values, np.float64))
    except OverflowError:
        data = np.array([np.inf], np.float32)
    _check_finite(data, values)
    return data


def _check_finite(data: Vector, values: list[Any]) -> None:
    if not np.isfinite(data).all():
        position = int(np.flatnonzero(~np.isfinite(data))[0])
        raise _bad_number(f"position {position} has {shown(values[position])}, which a 32-bit float cannot hold")


def _check_numbers(values: list[Any]) -> None:
    """Refuse what is no JSON number; a program in this process may also give NaN."""
    for position, number in enumerate(values):
        if not is_number(number) or not math.isfinite(number):
            raise _bad_number(f"position {position} has {type_name(number)}: {shown(number)}")


def _from_binary(text: object, most: int) -> VectorValue:
    raw = decode_base64(text) if isinstance(text, str) else None
    if raw is None:
        raise _bad_binary(f"it must be base64 text with its padding, not {type_name(text)}: {shown(text)}")
    if len(raw) % 4:
        raise _bad_binary(f"it has {len(raw)} bytes, which are not whole 32-bit floats of 4 bytes")
    _check_size(len(raw) // 4, most)
    data = np.frombuffer(raw, dtype=">f4").astype(np.float32)
    if not np.isfinite(data).all():
        raise _bad_binary(f"position {int(np.flatnonzero(~np.isfinite(data))[0])} is not a finite number")
    return VectorValue(data, VectorForm.BINARY)


def _check_size(length: int, most: int) -> None:
    if length == 0:
        raise data_api_error(
            "SHRED_BAD_VECTOR_SIZE",
            "'$vector' has no numbers.\n\n"
            "Give as many as the collection's dimension, or null for none, and resend the command.",
        )
    if length > most:
        raise limit_violation(f"'$vector' has {length} numbers, at most {most} are allowed", "vector_dimension")


def _bad_number(problem: str) -> DataApiError:
    return data_api_error(
        "SHRED_BAD_VECTOR_VALUE",
        f"'$vector' may hold nothing but numbers; {problem}.\n\nCorrect the value and resend the command.",
    )


def _bad_binary(problem: str) -> DataApiError:
    return data_api_error(
        "SHRED_BAD_BINARY_VECTOR_VALUE",
        f"The '$binary' value of '$vector' is not valid: {problem}.\n\n"
        "Write the numbers as big-endian 32-bit floats, encode them as base64 and resend the command.",
    )


def check_length(vector: Vector, dimension: int) -> None:
    """Check that a vector has the collection's dimension.

    Raises:
        DataApiError: INVALID_VECTOR_LENGTH.
    """
    if len(vector) != dimension:
        raise data_api_error(
            "INVALID_VECTOR_LENGTH",
            f"The vector has {len(vector)} numbers, but the collection's vectors have {dimension}.\n\n"
            f"Resend the command with a vector of {dimension} numbers.",
        )


def check_direction(vector: Vector, metric: Metric) -> None:
    """Check that a vector is not zero where cosine similarity is asked for, as the database behind the API does.

    Raises:
        DataApiError: INVALID_DATABASE_QUERY.
    """
    if metric is Metric.COSINE and float(np.linalg.norm(vector.astype(np.float64))) < _NEARLY_ZERO:
        raise data_api_error(
            "INVALID_DATABASE_QUERY",
            "Zero and near-zero vectors cannot be indexed or queried with cosine similarity.\n\n"
            "Use a vector that has a direction, or a collection with the metric dot_product or euclidean.",
        )


def vector_to_json(value: VectorValue) -> object:
    """Return a vector as it was given: an array of numbers, or ``{"$binary": …}``."""
    if value.form is VectorForm.BINARY:
        return {"$binary": encode_binary(value.data)}
    return _numbers(value)


def _numbers(value: VectorValue) -> list[Any]:
    numbers: list[Any]
    if value.text is not None:
        numbers = jsontext.loads(value.text)
    elif value.form is VectorForm.WIDENED:
        numbers = value.data.tolist()
    elif value.rest is not None:
        numbers = whole(value.data, value.rest).tolist()
    else:
        numbers = floats_to_json(value.data)
    return numbers


def floats_to_json(data: Vector) -> list[float]:
    """Return 32-bit floats as the numbers whose text is shortest: 0.1, not 0.10000000149011612."""
    numbers: list[float] = orjson.loads(orjson.dumps(np.ascontiguousarray(data), option=orjson.OPT_SERIALIZE_NUMPY))
    return numbers


def single(number: float) -> float:
    """Return a number as a 32-bit float prints it: 0.99029034, not 0.9902903437614441."""
    return float(str(np.float32(number)))


def encode_binary(data: Vector) -> str:
    """Return floats as base64 of big-endian 32-bit floats, the inner value of ``{"$binary": …}``."""
    return base64.b64encode(data.astype(">f4").tobytes()).decode("ascii")


def same_vector(left: VectorValue | None, right: VectorValue | None) -> bool:
    """Return whether two stored vectors read back alike; both absent counts as alike."""
    if left is None or right is None:
        return left is right
    binary = [value.form is VectorForm.BINARY for value in (left, right)]
    if not np.array_equal(left.data, right.data) or binary[0] != binary[1]:
        return False
    if left.form is right.form and (left.text is None) == (right.text is None):
        return (left.text, left.rest) == (right.text, right.rest)
    # Kept in different forms, as by an earlier version.
    return _digits(left) == _digits(right)


def _digits(value: VectorValue) -> list[object]:
    return [Decimal(str(number)).as_tuple() for number in _numbers(value)]

"""The table and the error tree belong together."""

import inspect

import pytest

from retrato.domain import errors
from retrato.domain.faults import POLICIES, Fault, SameLeg, counted_wait_s
from retrato.generation.retrying import policy_for

_PROVIDER_ERRORS = [
    each
    for each in vars(errors).values()
    if inspect.isclass(each) and issubclass(each, errors.ProviderError) and each is not errors.ProviderError
]


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_a_policy_and_an_error(fault: Fault):
    assert fault in POLICIES
    assert any(each.fault is fault for each in _PROVIDER_ERRORS)


@pytest.mark.parametrize("error", _PROVIDER_ERRORS)
def test_policy_of_an_error_is_that_of_its_fault(error: type[errors.ProviderError]):
    policy = policy_for(error("x", leg="a/1"))

    assert policy.next_leg is POLICIES[error.fault].next_leg
    assert policy.breaker is POLICIES[error.fault].breaker


def test_only_a_struck_checker_gets_a_new_seed_among_refusals():
    assert policy_for(errors.CheckerError("x", leg="a/1")).same_leg is SameLeg.NEW_SEED
    assert policy_for(errors.RefusedError("x", leg="a/1")).same_leg is SameLeg.NO


def test_wait_of_less_than_a_second_counts_as_one():
    assert counted_wait_s(Fault.THROTTLED, 0.01) == 1

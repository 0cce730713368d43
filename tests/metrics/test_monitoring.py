"""Alerts, dashboard, PodMonitor and docs agree with what is scraped, and Prometheus has tried the alerts."""

import json
import re

import pytest
import yaml
from prometheus_client import generate_latest
from tests.metrics.scraping import MONITORING, ROOT, checked, names_in

from retrato.metrics.metrics import PARTS, Metrics
from retrato.store.database import Database
from retrato.store.gauges import Gauges

ALERTS = yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"][0]["rules"]
CASES = yaml.safe_load((MONITORING / "alerts.test.yaml").read_text())["tests"]
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
PAGE = (ROOT / "docs/monitoring.md").read_text()
RUNBOOKS = ROOT / "docs/operations.md"
NAME = re.compile(r"\b(?:retrato|process)_[a-z_]+\b")
TYPES = {"counter": "counter", "gauge": "gauge", "histogram": "histogram", "info": "gauge"}

ROW = {
    **dict.fromkeys(("queued", "delayed", "parked", "running", "failed", "replicas", "paused_companies"), 1),
    **dict.fromkeys(("oldest_urgent_s", "oldest_bulk_s", "notification_queue_usage"), 1.0),
    **dict.fromkeys(("dead_tuples", "oldest_xmin_age"), 1),
    "paused": True,
    "legs": '[{"leg": "fal/x", "fault": "auth", "closed_until_s": 1, "paused": true}]',
    "budget": '{"spent_usd": 1, "reserved_usd": 1}',
}
"""What the statement answers when there is something of everything."""


@pytest.fixture(scope="module")
def families():
    """Everything that can be scraped."""
    metrics = Metrics()
    metrics.jobs.expect(["fal"])
    metrics.jobs.watch(drawing=lambda: 1, in_hand=lambda: 2)
    metrics.calls.expect(["fal/x"])
    gauges = Gauges(Database("postgresql://nowhere"), metrics, budget_usd=10, alive_within_s=30)
    gauges._row = ROW
    metrics.add(gauges, gauges.refresh)
    return metrics.registry


@pytest.fixture(scope="module")
def names(families):
    return names_in(generate_latest(families).decode())


def _documented():
    """Metric → type and labels, as docs/monitoring.md has them."""
    rows = re.findall(r"^\| `(retrato_[a-z_]+)` \| (\w+) \| ([^|]*)\|", PAGE, re.MULTILINE)
    return {name: (kind, set(re.findall(r"`([a-z]+)`", labels))) for name, kind, labels in rows}


def _runbook(alert):
    return alert["annotations"]["runbook_url"].partition("#")[2]


def test_page_has_every_metric_with_its_type_and_labels(families):
    suffixes = {"counter": "_total", "info": "_info"}
    scraped = {
        family.name + suffixes.get(family.type, ""): (
            TYPES[family.type],
            {label for sample in family.samples for label in sample.labels} - {"le"},
        )
        for family in families.collect()
        if family.name.startswith("retrato_")
    }

    assert _documented() == scraped


def test_page_has_every_alert_with_its_severity():
    documented = dict(re.findall(r"^\| `(Retrato\w+)` \| (\w+) \|", PAGE, re.MULTILINE))

    assert documented == {alert["alert"]: alert["labels"]["severity"] for alert in ALERTS}


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_alert_asks_for_metrics_that_exist_and_says_what_to_do(alert, names):
    assert set(NAME.findall(alert["expr"])) - names == set()
    assert {"summary", "description", "runbook_url"} == set(alert["annotations"])
    assert _runbook(alert) == alert["alert"].lower()


def test_every_runbook_is_written():
    headings = {heading.lower() for heading in re.findall(r"^#+ (\w+)$", RUNBOOKS.read_text(), re.MULTILINE)}

    assert {_runbook(alert) for alert in ALERTS} - headings == set()


def test_every_alert_is_seen_firing_and_some_days_are_quiet():
    expected = [
        sample["labels"] for case in CASES for one in case["promql_expr_test"] for sample in one["exp_samples"]
    ]
    fired = {re.search(r'alertname="(\w+)"', labels).group(1) for labels in expected}

    assert fired == {alert["alert"] for alert in ALERTS}
    assert sum(not one["exp_samples"] for case in CASES for one in case["promql_expr_test"]) >= 3


def test_tests_of_alerts_use_series_that_exist(names):
    series = {NAME.match(one["series"]) for case in CASES for one in case["input_series"]}

    assert {found.group() for found in series if found} - names == set()


def test_alerts_do_what_their_tests_say(promtool):
    assert "SUCCESS" in checked(promtool, "check", "rules", "alerts.yaml")
    assert "SUCCESS" in checked(promtool, "test", "rules", "alerts.test.yaml")


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panel_asks_for_metrics_that_exist_of_the_chosen_installation(panel, names):
    asked = [target["expr"] for target in panel["targets"]]

    assert asked
    assert {name for expression in asked for name in NAME.findall(expression)} - names == set()
    assert all(expression.count('job=~"$job"') == len(NAME.findall(expression)) for expression in asked)


def test_dashboard_shows_every_metric_but_what_is_a_moment_only(names):
    shown = {name for expression in EXPRESSIONS for name in NAME.findall(expression)}

    assert {name for name in _documented() if not any(one.startswith(name) for one in shown)} == {
        "retrato_last_notification_timestamp_seconds"
    }


def test_panels_ask_the_data_source_that_was_chosen_and_do_not_overlap():
    [source] = [one for one in DASHBOARD["templating"]["list"] if one["type"] == "datasource"]
    taken = [
        (x, y)
        for panel in DASHBOARD["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    asked = {panel["datasource"]["uid"] for panel in PANELS}
    asked |= {target["datasource"]["uid"] for panel in PANELS for target in panel["targets"]}
    assert asked == {f"${{{source['name']}}}"}
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert {"uid", "schemaVersion", "title"} <= set(DASHBOARD)


def test_queries_of_the_dashboard_are_understood_by_prometheus(promtool, tmp_path):
    filled = [
        one.replace("$__rate_interval", "5m").replace("$job", ".+").replace("$leg", ".+") for one in EXPRESSIONS
    ]
    rules = [{"record": f"panel_{number}", "expr": one} for number, one in enumerate(filled)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))

    assert "SUCCESS" in checked(promtool, "check", "rules", str(tmp_path / "rules.yaml"))


def test_envelope_for_the_operator_holds_the_alerts():
    [command] = re.findall(r"^\(printf '(.*?)' &&", PAGE, re.MULTILINE)
    indented = (MONITORING / "alerts.yaml").read_text().replace("\n", "\n  ")
    envelope = yaml.safe_load(command.encode().decode("unicode_escape") + "  " + indented)

    assert envelope["kind"] == "PrometheusRule"
    assert envelope["spec"]["groups"][0]["rules"] == ALERTS


def test_parts_that_find_the_database_away_are_those_that_there_are():
    sources = "\n".join(path.read_text() for path in (ROOT / "daemon/retrato").rglob("*.py"))

    assert set(re.findall(r'database_error\("(\w+)"\)', sources)) == set(PARTS)


def test_pods_are_scraped_at_the_port_that_the_page_names():
    monitor = yaml.safe_load((MONITORING / "podmonitor.yaml").read_text())
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    pods = yaml.safe_load((ROOT / "deploy/kubernetes/base/deployment.yaml").read_text())["spec"]["template"][
        "metadata"
    ]

    assert endpoint["port"] in PAGE
    assert endpoint["path"] == "/metrics"
    assert pods["labels"].items() <= monitor["spec"]["selector"]["matchLabels"].items()

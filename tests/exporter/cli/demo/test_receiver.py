import requests

from exporter.cli.demo.receiver import Delivery, alert_receiver
from tests.support.clocks import MovedClock

FIRING = {"alertname": "InfranautFeatureDrift", "feature": "heat"}
RESOLVED = {"alertname": "InfranautFeatureDrift", "feature": "colour"}
MESSAGE = {
    "version": "4",
    "status": "firing",
    "alerts": [
        {"status": "firing", "labels": FIRING, "annotations": {"summary": "heat has drifted"}},
        {"status": "resolved", "labels": RESOLVED, "annotations": {}},
    ],
}


def test_a_firing_alert_is_a_delivery_and_a_resolved_one_is_not() -> None:
    clock = MovedClock(100.0)
    with alert_receiver(clock) as receiver:
        assert requests.post(receiver.url, json=MESSAGE, timeout=10).status_code == 200
        assert receiver.deliveries == (Delivery(100.0, "InfranautFeatureDrift", "heat", "heat has drifted"),)


def test_what_is_no_message_of_alertmanager_is_refused_and_the_next_one_taken() -> None:
    with alert_receiver(MovedClock(100.0)) as receiver:
        assert requests.post(receiver.url, data=b"[]", timeout=10).status_code == 400
        assert receiver.deliveries == ()
        assert requests.post(receiver.url, json=MESSAGE, timeout=10).status_code == 200
        assert len(receiver.deliveries) == 1

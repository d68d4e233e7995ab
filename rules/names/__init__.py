"""Every recorded series, group, alert and label name of the generated rules, in one place.

Recorded names read `level:metric:operations` and end in their window (`feature:infranaut_drift_psi:sum1h`). The level
says what a series stands for and so which labels it carries, besides `job` and those of the scrape:

===============  ==========================================================
level            labels
===============  ==========================================================
`feature_bin`    monitor, model_version, reference, feature, bin
`feature`        monitor, model_version, reference, feature
`feature_rule`   monitor, model_version, feature, rule
`outcome`        monitor, model_version, actual, predicted (+ segment)
`score_bin`      monitor, model_version, actual, bin (+ segment)
`class`          monitor, model_version, class (+ segment)
`model`          monitor, model_version (+ segment for performance)
`model_rule`     monitor, model_version, rule
`monitor`        monitor
`slo`            monitor, slo
===============  ==========================================================

Replicas (`instance`, `pod`) are always pooled. Segments are pooled too, except in performance: a reference describes
all segments together, so that each of them would "drift" from it for ever. A performance series without the label
`segment` is that of all segments.
"""

from __future__ import annotations

from rules.names.alert_names import *  # noqa: F403 - one place for all names, a file for each topic
from rules.names.drift_series import *  # noqa: F403 - one place for all names, a file for each topic
from rules.names.files import *  # noqa: F403 - one place for all names, a file for each topic
from rules.names.label_names import *  # noqa: F403 - one place for all names, a file for each topic
from rules.names.performance_series import *  # noqa: F403 - one place for all names, a file for each topic
from rules.names.quality_series import *  # noqa: F403 - one place for all names, a file for each topic
from rules.names.slo_series import *  # noqa: F403 - one place for all names, a file for each topic
from rules.names.traffic_series import *  # noqa: F403 - one place for all names, a file for each topic
from rules.names.windows import *  # noqa: F403 - one place for all names, a file for each topic

// Infranaut's rules and dashboards after the conventions of monitoring mixins, as `infranaut generate all` wrote them.
// A mixin keeps alerts apart from recording rules, and all groups end up in one PrometheusRule, where names are unique:
// the alerts of the group NAME are in the group NAME-alerts.
(import 'config.libsonnet') + {
  local config = $._config,

  local parts = [config.generated.exporter] + [monitor(name) for name in config.monitors] +
                std.objectValues(config.generated.services),

  local monitor(name) =
    local all = config.generated.monitors;
    if std.objectHas(all, name) then all[name]
    else error "_config.monitors: no monitor '%s' was generated, only %s" % [name, std.join(', ', std.objectFields(all))],

  local scoped = (import 'scope.libsonnet')(config.selector, config.clusterLabel),

  local groups = [
    group { rules: [scoped(rule) for rule in group.rules] }
    for part in parts
    for group in std.parseYaml(part.rules).groups
  ],

  local groupsWith(kind, suffix, change) = [
    group { name+: suffix, rules: [change(rule) for rule in group.rules if kind in rule] }
    for group in groups
    if std.length([rule for rule in group.rules if kind in rule]) > 0
  ],

  local configured(rule) = rule {
    labels+: config.extraLabels,
    [if config.runbookURLPattern != null then 'annotations']+: {
      runbook_url: config.runbookURLPattern % rule.alert,
    },
  },

  grafanaDashboards+:: { [dashboard.uid + '.json']: dashboard for part in parts for dashboard in part.dashboards },
  prometheusAlerts+:: { groups+: groupsWith('alert', '-alerts', configured) },
  prometheusRules+:: { groups+: groupsWith('record', '', function(rule) rule) },
}

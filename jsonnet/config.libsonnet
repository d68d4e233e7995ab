{
  _config+:: {
    // The index that `infranaut generate all` wrote: import 'OUT/mixin/monitors.libsonnet'
    generated: error "_config.generated is missing: set it to import 'OUT/mixin/monitors.libsonnet', which `infranaut generate all` writes",

    // Names of the monitors to render; what belongs to no monitor is always there.
    monitors: std.objectFields(self.generated.monitors),

    // Address of an alert's runbook, %s being the alert's name; null keeps what `--runbooks-url` said.
    runbookURLPattern: null,

    // Labels that every alert gets besides its own, such as { cluster: 'production' }.
    // Recorded series get theirs from Prometheus (external_labels), or their joins would not match.
    extraLabels: {},
  },
}

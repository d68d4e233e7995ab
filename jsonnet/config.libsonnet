{
  _config+:: {
    // The index that `infranaut generate all` wrote: import 'OUT/mixin/monitors.libsonnet'
    generated: error "_config.generated is missing: set it to import 'OUT/mixin/monitors.libsonnet', which `infranaut generate all` writes",

    // Names of the monitors to render; what belongs to none, and OpenSLO, is always there.
    monitors: std.objectFields(self.generated.monitors),

    // Matchers for every series that the rules read, such as 'job=~"infranaut.*"'; labels that all replicas share.
    selector: '',

    // The label that tells clusters apart where one Prometheus, Thanos or Mimir holds several, such as 'cluster'.
    clusterLabel: '',

    // Address of an alert's runbook, %s being the alert's name; null keeps what `--runbooks-url` said.
    runbookURLPattern: null,

    // Labels that every alert gets besides its own, such as { cluster: 'production' }.
    // Recorded series get theirs from Prometheus (external_labels), or their joins would not match.
    extraLabels: {},
  },
}

// Puts the selector and the cluster label of `_config` where `infranaut generate mixin` left a place for them: what
// `infranaut generate rules --selector --cluster-label` does (rules/scoped_groups.py).
// A sign that opens places, where a person wrote it, is the place of itself: it is put there when all others are filled.
function(selector, clusterLabel)
  local opening = '⟪opening⟫';
  local written = std.strReplace(selector, '⟪', opening);
  local quotings = {
    '': written,
    'printf ': std.strReplace(written, '%', '%%'),
    'quoted ': local escaped = std.escapeStringJson(written); std.substr(escaped, 1, std.length(escaped) - 2),
  };
  local given(text, changed) = if text == '' then '' else changed;
  local matchers = std.flattenArrays([
    local text = quotings[quoting];
    [
      ['⟪%sselector,⟫' % quoting, given(text, text + ',')],
      ['⟪%sselector⟫' % quoting, text],
      ['⟪{%sselector}⟫' % quoting, given(text, '{' + text + '}')],
    ]
    for quoting in std.objectFields(quotings)
  ]);
  local labels = [
    ['⟪cluster, ⟫', given(clusterLabel, clusterLabel + ', ')],
    ['⟪cluster⟫', clusterLabel],
    ['⟪cluster=%q,⟫', given(clusterLabel, clusterLabel + '=%q,')],
    ['⟪$labels.cluster ⟫', given(clusterLabel, '$labels.' + clusterLabel + ' ')],
  ];
  local checked =
    if std.length(std.findSubstr('`', selector)) > 0
    then error '_config.selector: %s holds a backtick, which a selector cannot have' % selector
    else matchers + labels + [[opening, '⟪']];
  local fill(text) = std.foldl(function(filled, place) std.strReplace(filled, place[0], place[1]), checked, text);
  function(rule) rule {
    expr: fill(super.expr),
    [if 'annotations' in rule then 'annotations']: std.mapWithKey(function(_, text) fill(text), rule.annotations),
  }

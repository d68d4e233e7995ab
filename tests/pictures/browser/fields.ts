/** A panel's transformations and field configuration, carried out by Grafana's own code. */

import {
  applyFieldOverrides,
  cacheFieldDisplayNames,
  DataFrame,
  FieldConfigOptionsRegistry,
  FieldConfigPropertyItem,
  GrafanaTheme2,
  identityOverrideProcessor,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';

import type { Panel } from './picture';

const STANDARD = ['unit', 'decimals', 'min', 'max', 'displayName', 'color', 'thresholds', 'mappings', 'links', 'noValue'];

export function prepareTransformers(): void {
  const byId = new Map(Object.values(standardTransformers).map((one: any) => [one.id, one]));
  standardTransformersRegistry.setInit(() =>
    [...byId.values()].map((transformation: any) => ({
      id: transformation.id,
      name: transformation.name,
      transformation: () => Promise.resolve(transformation),
      editor: () => null,
      imageDark: '',
      imageLight: '',
    }))
  );
}

export async function configured(panel: Panel, frames: DataFrame[], theme: GrafanaTheme2): Promise<DataFrame[]> {
  const context = { interpolate: (text: string) => text };
  const data = await firstValueFrom(transformDataFrame(panel.transformations ?? [], frames, context));
  const shown = applyFieldOverrides({
    data,
    fieldConfig: panel.fieldConfig as any,
    fieldConfigRegistry: registryOf(panel),
    replaceVariables: (text: string) => text,
    theme,
    timeZone: 'utc',
  });
  cacheFieldDisplayNames(shown);
  return shown;
}

/** Every property that the panel sets, taken as it stands: the editors that Grafana has for them are not needed. */
function registryOf(panel: Panel): FieldConfigOptionsRegistry {
  const { defaults, overrides } = panel.fieldConfig;
  const own = overrides.flatMap((override) => override.properties.map((property: { id: string }) => property.id));
  const custom = Object.keys(defaults.custom ?? {}).map((key) => `custom.${key}`);
  const ids = [...new Set([...STANDARD, ...custom, ...own])];
  return new FieldConfigOptionsRegistry(() => ids.map(asItem));
}

function asItem(id: string): FieldConfigPropertyItem {
  const isCustom = id.startsWith('custom.');
  return {
    id,
    path: isCustom ? id.slice('custom.'.length) : id,
    name: id,
    isCustom,
    editor: () => null,
    override: () => null,
    process: identityOverrideProcessor,
    shouldApply: () => true,
  } as unknown as FieldConfigPropertyItem;
}

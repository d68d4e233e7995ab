/** Lays panels out on Grafana's grid of 24 columns, or one under the other on a phone, and draws them. */

import '@fontsource/inter/400.css';
import '@fontsource/inter/500.css';
import { createTheme, DataFrame, GrafanaTheme2, ThemeContext } from '@grafana/data';
import { GlobalStyles } from '@grafana/ui';
import { createRoot } from 'react-dom/client';

import { configured, prepareTransformers } from './fields';
import { framesOf } from './frames';
import { checkDrawable, DrawnPanel } from './panel';
import type { Panel, Picture } from './picture';

const COLUMNS = 24;
const LINE = 30;
const GAP = 8;
const MARGIN = 16;

declare global {
  interface Window {
    drawPicture: (picture: Picture) => Promise<void>;
  }
}

window.drawPicture = async (picture) => {
  prepareTransformers();
  const theme = createTheme({ colors: { mode: picture.theme } });
  const shown = picture.panels.filter((panel) => panel.type !== 'row');
  shown.forEach(checkDrawable);
  const frames = new Map<number, DataFrame[]>();
  for (const panel of shown) {
    frames.set(panel.id, await configured(panel, framesOf(panel, picture), theme));
  }
  document.body.style.background = theme.colors.background.canvas;
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Grid picture={picture} frames={frames} theme={theme} />
    </ThemeContext.Provider>
  );
};

function Grid({ picture, frames, theme }: { picture: Picture; frames: Map<number, DataFrame[]>; theme: GrafanaTheme2 }) {
  const places = placed(picture);
  const height = Math.max(...places.map((place) => place.top + place.height));
  return (
    <div id="picture" style={{ width: picture.width, padding: MARGIN, fontFamily: theme.typography.fontFamily }}>
      <h1 style={{ fontSize: 20, margin: 0, height: 36, color: theme.colors.text.primary }}>{picture.title}</h1>
      <div style={{ position: 'relative', height }}>
        {places.map(({ panel, left, top, width, height }) => (
          <div key={panel.id} style={{ position: 'absolute', left, top, width, height }}>
            {panel.type === 'row' ? (
              <h2 style={{ fontSize: 16, lineHeight: `${height}px`, margin: 0 }}>{panel.title}</h2>
            ) : (
              <DrawnPanel
                panel={panel}
                picture={picture}
                frames={frames.get(panel.id)!}
                theme={theme}
                width={width}
                height={height}
              />
            )}
          </div>
        ))}
      </div>
    </div>
  );
}

interface Place {
  panel: Panel;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** As in Grafana: a line of the grid has 30 pixels and a gap of 8; a phone shows each panel in full width. */
function placed(picture: Picture): Place[] {
  const room = picture.width - 2 * MARGIN;
  const lines = (count: number) => count * (LINE + GAP);
  if (picture.isPhone) {
    let top = 0;
    return picture.panels.map((panel) => {
      const place = { panel, left: 0, top, width: room, height: lines(panel.gridPos.h) - GAP };
      top += lines(panel.gridPos.h);
      return place;
    });
  }
  const column = (room + GAP) / COLUMNS;
  const first = Math.min(...picture.panels.map((panel) => panel.gridPos.y));
  return picture.panels.map((panel) => ({
    panel,
    left: panel.gridPos.x * column,
    top: lines(panel.gridPos.y - first),
    width: panel.gridPos.w * column - GAP,
    height: lines(panel.gridPos.h) - GAP,
  }));
}

import { Screen } from '../screen.ts';
import type { ExecView } from './events.ts';
import { JsonView } from './json-view.ts';
import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';

/** A tree on a terminal that can show one, else lines. */
export function openView({ json, verbose, several }: { json: boolean; verbose: boolean; several: boolean }): ExecView {
  if (json) return new JsonView();
  const screen = verbose ? undefined : Screen.open();
  return screen ? new LiveView(screen) : new PlainView(several);
}

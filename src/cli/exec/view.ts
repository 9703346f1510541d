import { Screen } from '../screen.ts';
import { print } from '../terminal.ts';
import type { ExecView } from './events.ts';
import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';

/** Lines of JSON, one for each event; or a tree on a terminal that can show one, else lines. */
export function openView({ json, verbose, several }: { json: boolean; verbose: boolean; several: boolean }): ExecView {
  if (json) return { take: (event) => print(JSON.stringify(event)), close: () => {} };
  const screen = verbose ? undefined : Screen.open();
  return screen ? new LiveView(screen) : new PlainView(several);
}

import { print } from '../terminal.ts';
import type { ExecEvent, ExecView } from './events.ts';

/** Each event as one line of JSON. */
export class JsonView implements ExecView {
  take(event: ExecEvent): void {
    print(JSON.stringify(event));
  }

  close(): void {}
}

import { sizeText } from '../kernel/sizes.ts';
import { EngineRefusal } from './connection.ts';

/** Milliseconds between two sentences about how much has come. */
const interval = 5000;
/** Characters of a status, and of a message of the engine. */
const longestStatus = 300;
const longestMessage = 2000;

/** A line of the engine's answer to a pull, see https://docs.docker.com/reference/api/engine/version/v1.41/ (ImageCreate). */
interface PullLine {
  status?: unknown;
  error?: unknown;
  id?: unknown;
  progressDetail?: { current?: unknown; total?: unknown } | null;
}

/** Says in a few sentences how a pull goes on, of which the engine says many times a second how many bytes have come. */
export class PullProgress {
  readonly #say: (text: string) => void;
  /** bytes by layer */
  readonly #layers = new Map<string, { current: number; total: number }>();
  #saidAt = performance.now();

  /** @param say takes sentences for the job's log */
  constructor(say: (text: string) => void) {
    this.#say = say;
  }

  /**
   * Takes a line of the engine's answer.
   * @throws EngineRefusal where it says that the pull has failed
   */
  take(line: string): void {
    let said: PullLine;
    try {
      said = JSON.parse(line);
    } catch {
      return;
    }
    if (typeof said.error === 'string') throw new EngineRefusal(502, said.error.slice(0, longestMessage));
    if (typeof said.status !== 'string') return;
    const id = typeof said.id === 'string' ? said.id.slice(0, longestStatus) : '';
    if (said.status.startsWith('Downloading')) this.#count(id, said.progressDetail ?? {});
    else if (!/^(Extracting|Waiting)/.test(said.status))
      this.#say([id, said.status.slice(0, longestStatus)].filter((part) => part !== '').join(': '));
  }

  #count(id: string, { current, total }: NonNullable<PullLine['progressDetail']>): void {
    if (typeof current !== 'number' || typeof total !== 'number') return;
    this.#layers.set(id, { current, total });
    if (performance.now() - this.#saidAt < interval) return;
    this.#saidAt = performance.now();
    const layers = [...this.#layers.values()];
    const sum = (of: 'current' | 'total') => sizeText(layers.reduce((bytes, layer) => bytes + layer[of], 0));
    this.#say(`${sum('current')} of ${sum('total')}`);
  }
}

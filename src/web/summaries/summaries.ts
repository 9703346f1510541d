import { createHash } from 'node:crypto';
import { receivedError } from '../../kernel/errors.ts';
import type { Build } from '../../kernel/model.ts';
import { ownProgram } from '../../system/own-program.ts';
import { TaskEnded, TaskProcess } from '../../system/task-process.ts';
import { within } from '../../system/wait.ts';
import { longestSummary } from './longest-summary.ts';

/** Limits for rendering one batch, in milliseconds and MB; 64 kB of usual Markdown take less than 50 ms. */
const limits = { processorTime: 1000, memory: 128 };
/** The most characters of rendered summaries on one page. */
const mostMarkup = 262_144;
/** The most characters and the most summaries in the cache. */
const mostCached = 4_000_000;
const mostSummaries = 2000;
/** Characters and summaries that are rendered at once. */
const batch = { characters: longestSummary, texts: 50 };
/** The most characters of a summary that is shown as plain text. */
const shortText = 4096;
/** Milliseconds that a page waits for rendering: with a running process, and with one that has to start. */
const patience = { warm: 100, cold: 1000 };
/** Milliseconds after its last work for which the process keeps running. */
const warmth = 5000;

/** How a summary is shown: as HTML, or as plain text and why. */
export type ShownSummary = { html: string } | { text: string; why: string | undefined };

/** The HTML of a summary, or why there is none. */
type Rendered = { html: string } | { why: string };

/**
 * Renders the Markdown of steps and caches it. A process of its own renders it and is killed at its limits, because the
 * text comes from a commit and may take time that grows with the square of its length. A summary that is not ready in time
 * is shown as plain text.
 */
export class Summaries {
  readonly #process = new TaskProcess<readonly string[], string[]>(
    ownProgram(import.meta.url, 'process', 'summaries'),
    limits,
    receivedError,
  );
  /** by hash, least recently used first */
  readonly #cache = new Map<string, Rendered>();
  #size = 0;
  #workedAt = Number.NEGATIVE_INFINITY;
  /** by build: its rendering under way */
  readonly #working = new Map<string, Promise<void>>();

  /**
   * How to show the summaries of a build on its page.
   * @param first id of the job whose summaries are rendered first, in case there are too many
   */
  async of({ id, repo, jobs }: Build, first: string | undefined): Promise<(text: string) => ShownSummary> {
    const ordered = [...jobs].sort((a, b) => Number(b.id === first) - Number(a.id === first));
    const texts = new Set(ordered.flatMap(({ steps }) => steps.flatMap(({ summary }) => summary?.trim() || [])));
    if (texts.size === 0) return (text) => ({ text, why: undefined });
    const working = this.#working.get(id) ?? this.#render(repo, [...texts]).finally(() => this.#working.delete(id));
    this.#working.set(id, working);
    const isWarm = performance.now() - this.#workedAt < warmth;
    await within(working, isWarm ? patience.warm : patience.cold);
    return this.#choose([...texts]);
  }

  async close(): Promise<void> {
    await this.#process.close();
    await Promise.all(this.#working.values());
  }

  #choose(texts: readonly string[]): (text: string) => ShownSummary {
    let room = mostMarkup;
    const shown = new Map<string, ShownSummary>();
    for (const text of texts) {
      const known = this.#known(text);
      if (known && 'html' in known && known.html.length <= room) {
        room -= known.html.length;
        shown.set(text, known);
        continue;
      }
      const cut = text.slice(0, Math.min(room, shortText));
      room -= cut.length;
      const why = !known
        ? 'It is being formatted.'
        : 'why' in known
          ? known.why
          : 'There are too many summaries to format all of them.';
      shown.set(text, { text: cut, why });
    }
    return (text) => shown.get(text.trim()) ?? { text: '', why: undefined };
  }

  /** Renders as many of the texts as fit on a page. Never rejects. */
  async #render(repo: string, texts: readonly string[]): Promise<void> {
    let room = mostMarkup;
    let next: string[] = [];
    let characters = 0;
    const flush = async () => {
      if (next.length > 0) await this.#renderAtOnce(repo, next);
      for (const text of next) room -= lengthOf(this.#known(text));
      next = [];
      characters = 0;
    };
    for (const text of texts) {
      if (room <= 0) return;
      const known = this.#known(text);
      if (known) {
        room -= lengthOf(known);
        continue;
      }
      if (characters + text.length > batch.characters || next.length >= batch.texts) await flush();
      next.push(text);
      characters += text.length;
    }
    if (room > 0) await flush();
  }

  async #renderAtOnce(repo: string, texts: readonly string[]): Promise<void> {
    try {
      const rendered = await this.#process.run(texts, { owner: repo });
      for (const [index, text] of texts.entries()) this.#add(text, { html: rendered[index] ?? '' });
    } catch (error) {
      if (!(error instanceof TaskEnded) || error.why === 'lost') return;
      if (texts.length > 1) for (const text of texts) await this.#renderAtOnce(repo, [text]);
      else this.#add(texts[0] as string, { why: `It is not formatted: ${error.message}.` });
    } finally {
      this.#workedAt = performance.now();
    }
  }

  #known(text: string): Rendered | undefined {
    const key = keyOf(text);
    const known = this.#cache.get(key);
    if (!known) return undefined;
    this.#cache.delete(key);
    this.#cache.set(key, known);
    return known;
  }

  #add(text: string, rendered: Rendered): void {
    const small =
      lengthOf(rendered) <= mostMarkup
        ? rendered
        : { why: `It is not formatted: it comes to more than ${mostMarkup / 1024} kB.` };
    this.#cache.set(keyOf(text), small);
    this.#size += lengthOf(small);
    for (const [key, oldest] of this.#cache) {
      if (this.#size <= mostCached && this.#cache.size <= mostSummaries) break;
      this.#size -= lengthOf(oldest);
      this.#cache.delete(key);
    }
  }
}

function lengthOf(rendered: Rendered | undefined): number {
  return rendered && 'html' in rendered ? rendered.html.length : shortText;
}

function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

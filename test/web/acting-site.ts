import { startDispatcher } from '../../src/dispatcher/start.ts';
import { startObserver } from '../../src/observer/start.ts';
import type { Stage } from '../../src/queues/stage.ts';
import { Site } from './site.ts';

/** A site with a real observer and a real dispatcher, so that what people request makes builds; no runner takes their jobs. */
export class ActingSite {
  readonly site: Site;
  readonly #stages: Stage[];

  private constructor(site: Site, stages: Stage[]) {
    this.site = site;
    this.#stages = stages;
  }

  static async start(): Promise<ActingSite> {
    const site = await Site.start();
    const { context } = site;
    context.logger.silent = true;
    return new ActingSite(site, [await startObserver(context), await startDispatcher(context)]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stages.map((stage) => stage.stop()));
    await this.site.stop();
  }

  /** Sends a form of a page as a browser that has signed in. */
  async submit(path: string, fields: Record<string, string>, cookie: string): Promise<Response> {
    const headers = { cookie, accept: 'text/html', 'sec-fetch-site': 'same-origin' };
    return this.site.ask(path, { method: 'POST', body: new URLSearchParams(fields), headers });
  }
}

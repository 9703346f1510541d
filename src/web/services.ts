import type { StageContext } from '../queues/stage.ts';
import type { Database } from '../record/database.ts';
import type { Guard } from './access/guard.ts';
import type { ConfigTexts } from './config-texts/config-texts.ts';
import type { Assets } from './http/assets.ts';
import type { OwnHosts } from './http/hosts.ts';
import type { LineIndexes } from './logs/line-index.ts';
import type { Searches } from './logs/searches.ts';
import type { Notices } from './streams/notices.ts';
import type { OpenStreams } from './streams/sse.ts';
import type { Summaries } from './summaries/summaries.ts';

/** The services that the routes and pages of the web stage use. */
export interface Web extends StageContext {
  readonly database: Database;
  /** the host names of this stage */
  readonly hosts: OwnHosts;
  readonly guard: Guard;
  readonly notices: Notices;
  readonly streams: OpenStreams;
  readonly assets: Assets;
  readonly lines: LineIndexes;
  readonly searches: Searches;
  readonly summaries: Summaries;
  readonly configTexts: ConfigTexts;
}

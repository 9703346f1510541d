import type { RepositoryOptions } from '../options.ts';
import type { WebOptions } from '../web.ts';

export interface UpOptions extends RepositoryOptions, WebOptions {
  slots: number;
  grace: number;
  once?: boolean;
  sample?: boolean;
  sampleIfNone?: boolean;
}

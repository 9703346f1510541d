import type { Config } from '../../kernel/config.ts';
import type { RepositoryOptions } from '../options.ts';
import type { WebOptions } from '../web.ts';

export interface UpOptions extends RepositoryOptions, WebOptions {
  slots: number;
  isolation?: Config['isolation'];
  grace: number;
  once?: boolean;
  sample?: boolean;
  sampleIfNone?: boolean;
}

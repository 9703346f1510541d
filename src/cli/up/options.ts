import type { Config } from '../../kernel/config.ts';
import type { ContainerRightsOptions, RepositoryOptions } from '../options.ts';
import type { WebOptions } from '../web.ts';

export interface UpOptions extends RepositoryOptions, WebOptions, ContainerRightsOptions {
  /** file with settings of the whole Volt */
  config?: string;
  slots: number;
  isolation?: Config['isolation'];
  image?: string[];
  grace: number;
  once?: boolean;
  sample?: boolean;
  sampleIfNone?: boolean;
}

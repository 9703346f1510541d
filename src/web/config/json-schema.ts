import * as z from 'zod';
import { configFile } from '../schemas/config.ts';

/** The schema of files with settings, for editors. */
export function configJsonSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(configFile, { io: 'input' }), null, 2)}\n`;
}

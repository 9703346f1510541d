import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import type { TokenReader } from './token-reader.ts';

/** Reports what a job asks for and Volt does not support; the job then does not run. */
export function readUnsupportedKeys(reader: TokenReader, fields: ReadonlyMap<string, TemplateToken>): void {
  const group = reader.entries(fields.get('runs-on')).find(({ key }) => key === 'group');
  if (group) reader.report('unsupported', group.keyToken, 'runner groups (`group`) are not supported; use labels');
  const snapshot = fields.get('snapshot');
  if (snapshot) reader.report('unsupported', snapshot, '`snapshot` is not supported yet');
}

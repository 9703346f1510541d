import { MappingToken, type TemplateToken } from '@actions/workflow-parser/templates/tokens/index';
import { idTokenScope, type PermissionLevel, type Permissions } from './permissions.ts';
import type { TokenReader } from './token-reader.ts';

/** The scopes that GitHub's parser knows, by the levels that they have. */
const both = [
  ...['actions', 'artifact-metadata', 'attestations', 'checks', 'code-quality', 'contents', 'deployments'],
  ...['discussions', 'drives', 'issues', 'packages', 'pages', 'pull-requests', 'repository-projects'],
  ...['security-events', 'statuses'],
];
const onlyRead = ['models', 'vulnerability-alerts'];
const onlyWrite = ['copilot-requests', idTokenScope];

/** Reads `permissions`, whose scopes and levels GitHub's parser has checked. */
export function readPermissions(reader: TokenReader, token: TemplateToken): Permissions {
  if (!(token instanceof MappingToken)) return allScopes(token.toString() === 'write-all' ? 'write' : 'read');
  return Object.fromEntries(
    reader.entries(token).flatMap(({ key, value }): [string, PermissionLevel][] => {
      const level = value.toString();
      return level === 'read' || level === 'write' ? [[key, level]] : [];
    }),
  );
}

function allScopes(level: PermissionLevel): Permissions {
  const read = level === 'write' ? onlyRead : [...both, ...onlyRead];
  const write = level === 'write' ? [...both, ...onlyWrite] : [];
  return Object.fromEntries([...read.map((scope) => [scope, 'read']), ...write.map((scope) => [scope, 'write'])]);
}

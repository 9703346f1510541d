import type { TokenScope } from '../../kernel/token-scope.ts';
import { ownerName } from '../../record/tokens.ts';

/** Who makes a request: the token that it carries, or that its session began with. */
export interface Caller {
  /** of the token, 0 for the main one */
  id: number;
  name: string;
  scope: TokenScope;
  /** names of the repositories that it may use; null for all */
  repos: readonly string[] | null;
  /** owner of the token */
  person: string;
}

/** The caller with the main token, from VOLT_TOKEN or the data directory. */
export const owner: Caller = { id: 0, name: ownerName, scope: 'admin', repos: null, person: ownerName };

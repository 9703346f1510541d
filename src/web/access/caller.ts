import type { TokenScope } from '../../kernel/token-scope.ts';
import { ownerName } from '../../record/tokens.ts';

/** Who makes a request, by the token that it carries or that its session was begun with. */
export interface Caller {
  /** of the token, 0 for the main one */
  id: number;
  name: string;
  scope: TokenScope;
  /** names of the repositories that it is for; null for all */
  repos: readonly string[] | null;
  /** whose the token is */
  person: string;
}

/** Whoever has the main token: that of VOLT_TOKEN or of the data directory. */
export const owner: Caller = { id: 0, name: ownerName, scope: 'admin', repos: null, person: ownerName };

import type { TokenScope } from '../../kernel/token-scope.ts';
import { ownerName } from '../../record/tokens.ts';

/** Who makes a request, by the token that it carries or that its session was begun with. */
export interface Caller {
  /** of the token, 0 for the main one */
  id: number;
  name: string;
  scope: TokenScope;
}

/** Whoever has the main token: that of VOLT_TOKEN or of the data directory. */
export const owner: Caller = { id: 0, name: ownerName, scope: 'admin' };

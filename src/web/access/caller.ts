import type { TokenScope } from '../../kernel/token-scope.ts';

/** Who makes a request, by the token that it carries or that its session was begun with. */
export interface Caller {
  /** of the token, 0 for the main one */
  id: number;
  name: string;
  scope: TokenScope;
}

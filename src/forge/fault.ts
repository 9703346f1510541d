import { type ErrorCode, VoltError } from '../kernel/errors.ts';

/** What a fault holds up: everything at the forge, what is about one repository, or only this status. */
export type FaultScope = 'forge' | 'repository' | 'status';

/** Why a forge has not done what it was asked for. */
export class ForgeFault extends VoltError {
  readonly scope: FaultScope;
  /** milliseconds that the forge wants to be left alone, if it has said so */
  readonly after: number | undefined;

  constructor(
    code: Extract<ErrorCode, 'forge_unreachable' | 'forge_refused' | 'forge_limited'>,
    message: string,
    options: { scope: FaultScope; remedy: string; after?: number; cause?: unknown },
  ) {
    super(code, message, options);
    this.scope = options.scope;
    this.after = options.after;
  }
}

import { type ErrorCode, VoltError } from '../../kernel/errors.ts';

/** Why a target has not taken a notice. */
export class TargetFault extends VoltError {
  /** whether all notices are held up, or only this one */
  readonly scope: 'target' | 'notice';
  /** milliseconds that the target wants to be left alone, if it has said so */
  readonly after: number | undefined;
  /** whether the target may have taken the notice all the same: nothing came back */
  readonly mayHaveArrived: boolean;

  constructor(
    code: Extract<ErrorCode, 'notice_unreachable' | 'notice_refused' | 'notice_limited'>,
    message: string,
    options: {
      scope: 'target' | 'notice';
      remedy: string;
      after?: number | undefined;
      mayHaveArrived?: boolean;
      cause?: unknown;
    },
  ) {
    super(code, message, options);
    this.scope = options.scope;
    this.after = options.after;
    this.mayHaveArrived = options.mayHaveArrived ?? false;
  }
}

/** A setting of a container that cannot be used. The message is for the author of the workflow. */
export class ContainerProblem extends Error {
  /** `unsupported`: the engines know it, but Volt does not allow it; `restricted`: only some runners allow it */
  readonly severity: 'invalid' | 'unsupported' | 'restricted';

  constructor(severity: ContainerProblem['severity'], message: string) {
    super(message);
    this.severity = severity;
  }
}

/** A value as a message quotes it. */
export function quoted(text: string): string {
  return `"${text.length > 100 ? `${text.slice(0, 100)}…` : text}"`;
}

/** @throws ContainerProblem if the value has another form */
export function matching(value: string, pattern: RegExp, remedy: string): string {
  if (pattern.test(value)) return value;
  throw new ContainerProblem('invalid', `${quoted(value)} is not valid: ${remedy}`);
}

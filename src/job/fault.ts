/** What makes a step fail by the commit's fault, though no command of it did: its message is for people. */
export class StepFault extends Error {}

/** Makes a step fail by the commit's fault, though no command of it has failed. The message is for people. */
export class StepFault extends Error {}

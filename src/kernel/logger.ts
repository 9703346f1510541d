import winston from 'winston';

export type Logger = winston.Logger;

const { combine, timestamp, printf, errors } = winston.format;

const line = printf(({ level, message, timestamp: time, stage, ...fields }) => {
  const rest = Object.entries(fields)
    .filter(([key, value]) => value !== undefined && key !== 'stack')
    .map(
      ([key, value]) => ` ${key}=${typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value)}`,
    )
    .join('');
  const stack = typeof fields.stack === 'string' ? `\n${fields.stack}` : '';
  return `${time} ${level.padEnd(5)} ${stage ?? 'volt'}: ${message}${rest}${stack}`;
});

/**
 * A logger that writes lines to standard error, so that standard output stays for results.
 * Stages take a child of it: `logger.child({ stage: 'dispatcher' })`; fields such as `build`, `job`, `runner` follow as
 * `key=value`.
 */
export function createLogger(level: string): Logger {
  return winston.createLogger({
    level,
    format: combine(errors({ stack: true }), timestamp(), line),
    transports: [new winston.transports.Stream({ stream: process.stderr })],
  });
}

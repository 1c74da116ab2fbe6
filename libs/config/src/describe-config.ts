import type { ConfigSpec } from './load-config.js';

/** A section of `.env.example`: every variable with its meaning; secrets stay empty. */
export function describeConfig(title: string, spec: ConfigSpec): string {
  const lines = Object.values(spec).map((field) => {
    const value = field.secret ? '' : (field.fallback ?? '');
    const required = field.fallback === undefined ? ' (required)' : '';
    return `# ${field.about}${required}\n${field.name}=${value}`;
  });
  return `## ${title}\n\n${lines.join('\n\n')}\n`;
}

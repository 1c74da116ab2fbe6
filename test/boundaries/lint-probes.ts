import { ESLint } from 'eslint';
import { text } from 'node:stream/consumers';

/**
 * Lints texts as if they stood in existing files, with the repository's own configuration, and prints
 * per probe the rules that complained. A process of its own: ESLint and its typed rules do not belong
 * into the module registry of a test runner.
 */
const probes = JSON.parse(await text(process.stdin)) as readonly { file: string; code: string }[];
const eslint = new ESLint({ overrideConfig: [{ rules: { '@typescript-eslint/no-unused-vars': 'off' } }] });
const answers: { rules: (string | null)[]; messages: string[] }[] = [];
for (const { file, code } of probes) {
  const [result] = await eslint.lintText(code, { filePath: file });
  const errors = result?.messages.filter((m) => m.severity === 2) ?? [];
  answers.push({ rules: errors.map((m) => m.ruleId), messages: errors.map((m) => m.message) });
}
process.stdout.write(JSON.stringify(answers));

import type { Type } from '@nestjs/common';
import type { ProblemPointer } from '@spillway/contracts';
import { compileCheck, type Check } from './checks.js';
import { schemaOf } from './schema-of.js';
import { mistakesIn, type PointerTo } from './wording.js';

/** A text that `IntegerText` takes as a number. */
const INTEGER = /^-?\d{1,15}$/;
const NOT_A_PROPERTY: readonly string[] = ['__proto__', 'constructor'];

/** Either the checked value, or what is wrong with the one given. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly mistakes: readonly ProblemPointer[] };

/**
 * A class compiled from its decorators. The compiled schema decides; class-validator is asked only for the
 * words of a refusal.
 */
export class ClassCheck<T extends object> {
  private static readonly compiled = new WeakMap<Type, ClassCheck<object>>();

  /** @throws Error when a rule of the class cannot be compiled. */
  static of<T extends object>(metatype: Type<T>): ClassCheck<T> {
    const known = ClassCheck.compiled.get(metatype) as ClassCheck<T> | undefined;
    if (known) return known;
    const made = new ClassCheck(metatype);
    ClassCheck.compiled.set(metatype, made);
    return made;
  }

  private readonly check: Check;
  private readonly fromText: readonly string[];
  private readonly defaults: Readonly<Record<string, unknown>>;
  /** A value can be handed on as it is. */
  private readonly asGiven: boolean;

  private constructor(private readonly metatype: Type<T>) {
    const { schema, fromText } = schemaOf(metatype);
    this.check = compileCheck(schema);
    this.fromText = fromText;
    this.defaults = Object.fromEntries(
      Object.entries(new metatype()).filter(([, value]) => value !== undefined),
    );
    this.asGiven = fromText.length === 0 && Object.keys(this.defaults).length === 0;
  }

  /** A plain object of known properties: the value itself, or a copy when a text became a number. */
  run(given: unknown, pointerTo: PointerTo): Checked<T> {
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      return { ok: false, mistakes: [{ pointer: '', detail: 'must be a JSON object' }] };
    const value = this.asGiven ? given : this.prepared(given);
    return this.accepts(value)
      ? { ok: true, value }
      : { ok: false, mistakes: this.mistakesOf(value, pointerTo) };
  }

  /** The object with its defaults, and numbers in place of their texts. */
  prepared(value: object): object {
    const copy: Record<string, unknown> = { ...this.defaults, ...value };
    for (const name of this.fromText) {
      const text = copy[name];
      if (typeof text === 'string' && INTEGER.test(text)) copy[name] = Number(text);
    }
    return copy;
  }

  /** What the compiled schema says of a prepared object. */
  accepts(value: object): value is T {
    return this.check(value) === true;
  }

  /** What class-validator says of it. Never empty for an object that is not accepted. */
  mistakesOf(value: object, pointerTo: PointerTo): readonly ProblemPointer[] {
    const strange = Object.keys(value).find((key) => NOT_A_PROPERTY.includes(key));
    if (strange !== undefined) return [{ pointer: pointerTo(strange), detail: 'is not known' }];
    const mistakes = mistakesIn(Object.assign(new this.metatype(), dense(value)), pointerTo);
    if (mistakes.length > 0 || this.accepts(value)) return mistakes;
    return [{ pointer: '', detail: 'is not valid' }];
  }
}

/** Holes of a list count as entries: class-validator passes over them. */
const dense = (value: object): object =>
  Object.fromEntries(
    Object.entries(value).map(([key, entry]: [string, unknown]) => [
      key,
      Array.isArray(entry) ? Array.from<unknown>(entry) : entry,
    ]),
  );

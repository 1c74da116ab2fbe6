import { describe, expect, it } from '@jest/globals';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsString } from 'class-validator';
import fc from 'fast-check';
import { bodiesFor, verdictsOn } from './agreement.js';
import {
  IntegerText,
  IsUuidText,
  IsUuidV7Text,
  MayBeAbsent,
  Storable,
  TextForm,
  TextLength,
} from './text-rules.js';

class EveryRule {
  @Storable() @TextLength(1, 10_000) content!: string;
  @MayBeAbsent() @TextLength(3, 6) short?: string;
  @MayBeAbsent() @IsUuidText() uuid?: string;
  @MayBeAbsent() @IsUuidV7Text() uuidV7?: string;
  @MayBeAbsent() @TextForm(/^[A-Za-z0-9_.:@-]{1,64}$/, 'a name') form?: string;
  @MayBeAbsent() @IntegerText(1, 100) limit?: number;
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(4)
  @Storable({ each: true })
  @TextLength(1, 5, { each: true })
  tags?: string[];
  @MayBeAbsent() @ArrayMinSize(2) @IsUuidText({ each: true }) ids?: string[];
}
class Others {
  @IsString() text!: string;
  @MayBeAbsent() @IsBoolean() flag?: boolean;
  @MayBeAbsent() @IsIn(['a', 'b']) kind?: string;
  @MayBeAbsent() @TextForm(/^[a-z]*$/, 'letters') @TextForm(/^.{0,3}$/, 'few') both?: string;
  @Storable() @TextLength(0, 3) withDefault = 'abc';
}

describe.each([EveryRule, Others])('%p', (metatype) => {
  it('is accepted or refused alike by its compiled form and its decorators', () => {
    let accepted = 0;
    fc.assert(
      fc.property(bodiesFor(metatype), (body) => {
        const { compiled, decorated } = verdictsOn(metatype, body);
        if (compiled) accepted++;
        expect(compiled).toBe(decorated);
      }),
      { numRuns: 10_000 },
    );
    // The bodies are worth something only when many are on either side.
    expect(accepted).toBeGreaterThan(1_000);
    expect(accepted).toBeLessThan(9_000);
  });
});

import { describe, expect, it } from '@jest/globals';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsOptional,
  IsString,
  MaxLength,
  ValidateIf,
} from 'class-validator';
import { IntegerText, IsUuidText, MayBeAbsent, Storable, TextForm, TextLength } from '../text-rules.js';
import { schemaOf } from './schema-of.js';

class Note {
  @Storable() @TextLength(1, 10) content!: string;
  @MayBeAbsent()
  @IsArray()
  @ArrayMaxSize(3)
  @Storable({ each: true })
  @TextLength(1, 5, { each: true })
  tags?: string[];
  @MayBeAbsent() @IsIn(['a', 'b']) kind?: string;
  @MayBeAbsent() @IntegerText(1, 9) limit?: number;
}
class Reply extends Note {
  @MayBeAbsent() @IsBoolean() loud?: boolean;
  @TextForm(/^[a-z]+$/, 'letters') @TextForm(/^.{2}$/, 'two characters') to!: string;
}

class Nothing {}
class Foreign {
  @MaxLength(3) text!: string;
}
class Optional {
  @IsOptional() @Storable() text?: string;
}
class Sometimes {
  @ValidateIf(() => true) @Storable() text?: string;
}
class Defined {
  @IsDefined() text!: string;
}
class EachOfOthers {
  @IsString({ each: true }) texts!: string[];
}
class Grouped {
  @IsString({ groups: ['a'] }) text!: string;
}
class Contradiction {
  @IsArray() @Storable() text!: string;
}
class WithMethod {
  @Storable() text!: string;
  shout() {
    return this.text.toUpperCase();
  }
}

describe('schemaOf', () => {
  it('says in JSON Schema what the decorators say', () => {
    expect(schemaOf(Note)).toEqual({
      fromText: ['limit'],
      schema: {
        type: 'object',
        properties: {
          content: { type: 'string', format: 'storable', minLength: 1, maxLength: 10 },
          tags: {
            type: 'array',
            maxItems: 3,
            items: { type: 'string', format: 'storable', minLength: 1, maxLength: 5 },
          },
          kind: { type: 'string', enum: ['a', 'b'] },
          limit: { type: 'integer', minimum: 1, maximum: 9 },
        },
        required: ['content'],
        additionalProperties: false,
      },
    });
  });

  it('inherits, and keeps two rules of one keyword', () => {
    const { schema } = schemaOf(Reply);
    expect(Object.keys(schema.properties).sort()).toEqual(['content', 'kind', 'limit', 'loud', 'tags', 'to']);
    expect(schema.required).toEqual(expect.arrayContaining(['content', 'to']));
    expect(JSON.stringify(schema.properties['to'])).toMatch(
      /\^\[a-z\]\+\$.*\^\.\{2\}\$|\^\.\{2\}\$.*\^\[a-z\]\+\$/,
    );
  });

  it.each([Nothing, Foreign, Optional, Sometimes, Defined, EachOfOthers, Grouped, Contradiction, WithMethod])(
    'refuses what it cannot say: %p',
    (metatype) => expect(() => schemaOf(metatype)).toThrow(/\w/),
  );

  it('names the class, the property and the rule', () => {
    expect(() => schemaOf(Foreign)).toThrow(/^Foreign\.text: the rule maxLength cannot be compiled/);
  });

  it('takes no pattern with flags', () => {
    expect(() => TextForm(/^a$/i, 'a')).toThrow('/^a$/i');
  });

  it('writes ids as patterns', () => {
    class Ids {
      @IsUuidText() id!: string;
    }
    expect(schemaOf(Ids).schema.properties['id']).toMatchObject({ type: 'string', format: 'uuid' });
  });
});

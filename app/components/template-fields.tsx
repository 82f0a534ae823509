import { Field } from "./ui/field.tsx";
import { Input } from "./ui/input.tsx";
import { NativeSelect } from "./ui/native-select.tsx";
import { Textarea } from "./ui/textarea.tsx";

export interface TemplateFieldsProps {
  name: string;
  description: string;
  complexity: string;
  tags: readonly string[];
  /** Why a field was refused, by its name. */
  problems: Readonly<Record<string, string | undefined>>;
}

/** What describes a template, as fields of a form: `name`, `description`, `complexity`, `tags`. */
export function TemplateFields({ name, description, complexity, tags, problems }: TemplateFieldsProps) {
  return (
    <>
      <Field label="Name" error={problems["name"]}>
        {(control) => <Input {...control} name="name" required maxLength={80} autoComplete="off" defaultValue={name} />}
      </Field>
      <Field label="Description" optional error={problems["description"]}>
        {(control) => <Textarea {...control} name="description" rows={3} maxLength={500} defaultValue={description} />}
      </Field>
      <Field label="For whom" error={problems["complexity"]}>
        {(control) => (
          <NativeSelect {...control} name="complexity" defaultValue={complexity}>
            <option value="beginner">Beginner</option>
            <option value="intermediate">Intermediate</option>
            <option value="advanced">Advanced</option>
          </NativeSelect>
        )}
      </Field>
      <Field label="Tags" optional hint="Up to 10, with commas between them: mongodb, full-stack" error={problems["tags"]}>
        {(control) => (
          <Input {...control} name="tags" maxLength={330} autoComplete="off" spellCheck={false} defaultValue={tags.join(", ")} />
        )}
      </Field>
    </>
  );
}

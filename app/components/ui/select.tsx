import { Select as Primitive } from "@base-ui/react/select";
import { CheckIcon, ChevronsUpDownIcon } from "lucide-react";
import { cn } from "./cn.ts";
import { inputClasses } from "./input.tsx";
import { menuItemClasses, menuPopupClasses } from "./menu.tsx";

export interface SelectOption {
  value: string;
  label: string;
}

export interface SelectProps {
  options: readonly SelectOption[];
  value?: string | undefined;
  defaultValue?: string;
  onValueChange?: (value: string) => void;
  name?: string;
  id?: string;
  disabled?: boolean;
  className?: string;
  "aria-label"?: string;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: true | undefined;
}

/** One of a few; the list opens over the page. Where a form must work without JavaScript, use `NativeSelect` of native-select.tsx. */
export function Select({ options, value, defaultValue, onValueChange, name, id, disabled, className, ...aria }: SelectProps) {
  return (
    <Primitive.Root
      items={options as SelectOption[]}
      {...(value !== undefined ? { value } : {})}
      {...(defaultValue !== undefined ? { defaultValue } : {})}
      {...(name !== undefined ? { name } : {})}
      {...(disabled !== undefined ? { disabled } : {})}
      onValueChange={(next) => typeof next === "string" && onValueChange?.(next)}
    >
      <Primitive.Trigger
        data-slot="select"
        id={id}
        className={cn(inputClasses, "flex h-9 items-center justify-between gap-2 pr-2 pl-3 select-none", className)}
        {...aria}
      >
        <Primitive.Value className="min-w-0 truncate" />
        <Primitive.Icon>
          <ChevronsUpDownIcon aria-hidden className="size-4 text-muted-foreground" />
        </Primitive.Icon>
      </Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Positioner sideOffset={6} alignItemWithTrigger={false} className="z-50 outline-none">
          <Primitive.Popup
            className={cn(
              menuPopupClasses,
              "max-h-(--available-height) min-w-(--anchor-width) overflow-y-auto transition-opacity duration-120 data-ending-style:opacity-0 data-starting-style:opacity-0",
            )}
          >
            {options.map((option) => (
              <Primitive.Item key={option.value} value={option.value} className={cn(menuItemClasses, "justify-between")}>
                <Primitive.ItemText>{option.label}</Primitive.ItemText>
                <Primitive.ItemIndicator>
                  <CheckIcon aria-hidden className="size-4" />
                </Primitive.ItemIndicator>
              </Primitive.Item>
            ))}
          </Primitive.Popup>
        </Primitive.Positioner>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

export { NativeSelect } from "./native-select.tsx";

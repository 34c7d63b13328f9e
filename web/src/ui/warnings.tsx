/** What the server allows and yet thinks worth a second look. */
export function Warnings({
  warnings,
  title = "Worth a second look",
}: {
  warnings: string[];
  title?: string;
}) {
  if (warnings.length === 0) return null;
  return (
    <div className="my-3 border-l-2 border-text pl-3">
      <p className="font-semibold">{title}</p>
      <ul className="list-disc pl-5">
        {warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </div>
  );
}

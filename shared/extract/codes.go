package extract

// The fault codes, one row each. docs/fault-codes.md is made from this list
// (a test holds the two together).
var (
	// The file as a whole (row 0).
	FileEmpty     = register(Code{"file-empty", Error, "at least one row", "nothing was loaded", "send the file again with its content"})
	FileFormat    = register(Code{"file-format", Error, "a file of the feed's registered format", "nothing was loaded", "send the file to the right feed, or register a feed of this format"})
	FileCompress  = register(Code{"file-compressed", Error, "an uncompressed file", "nothing was loaded", "unpack the file and send its members"})
	FileTruncated = register(Code{"file-truncated", Error, "a file that ends where its format ends", "the rows before the cut were loaded", "send the whole file again: rows that are already there count as unchanged"})
	FileSyntax    = register(Code{"file-syntax", Error, "JSON throughout", "the rows before this place were loaded, what follows it could not be read", "mend the file at this place and send it whole again: rows that are already there count as unchanged"})
	FileOpenEnd   = register(Code{"file-open-end", Warning, "a last segment that ends with a carriage return", "the last message was kept as it stands; if the file was cut, the end of it is missing", "look at the end of the file; if it was cut, send it again whole"})
	FileCount     = register(Code{"file-count", Warning, "as many messages or batches as the trailer states", "what came was loaded; what is missing could not be", "see whether some are missing, and send the whole file again if so"})
	FileEncoding  = register(Code{"file-encoding", Information, "UTF-8 throughout", "rows that are not UTF-8, from this one on, were read as Windows-1252", "export as UTF-8"})

	// A row that cannot be read.
	RowSyntax   = register(Code{"row-syntax", Error, "a row of the feed's format", "row skipped", "mend the row and send it again"})
	RowTooLong  = register(Code{"row-too-long", Error, "a row within the limit of size", "row skipped", "split the row or remove the embedded content, then send it again"})
	RowEncoding = register(Code{"row-encoding", Error, "text without NUL or other forbidden bytes", "row skipped", "remove the bytes and send the row again"})
	RowDup      = register(Code{"row-duplicate-key", Error, "each key once in a JSON object", "row skipped", "remove one of the two and send the row again"})

	// A field that cannot be used.
	FieldMissing = register(Code{"field-missing", Error, "a value: the field is required", "row skipped", "fill the field and send the row again"})
	FieldValue   = register(Code{"field-value", Warning, "a value of the field's type", "field dropped, the rest of the row kept", "correct the field and send the row again"})
	FieldCode    = register(Code{"field-code", Warning, "a code of the field's list", "field dropped, the rest of the row kept", "use a code of the list and send the row again"})

	// Patients.
	PatientMissing  = register(Code{"patient-missing", Error, "an id of the patient by the sending organisation", "row skipped", "give the patient's local id and send the row again"})
	PatientSeveral  = register(Code{"patient-several", Warning, "one patient in a Bundle", "every patient was kept with their own entries", "send one Bundle per patient"})
	PatientUnknown  = register(Code{"patient-unknown", Information, "a patient whose details have arrived", "row held: it is stored and joins the record when the patient's details arrive", "send the patient's details"})
	NHSNumberCheck  = register(Code{"nhs-number-check-digit", Warning, "ten digits that pass the Modulus 11 check", "NHS number dropped, the rest of the row kept", "correct the number at the source and send the row again"})
	NHSNumberForm   = register(Code{"nhs-number-form", Warning, "ten digits", "NHS number dropped, the rest of the row kept", "correct the number at the source and send the row again"})
	NHSNumberRepeat = register(Code{"nhs-number-repeated-digit", Warning, "a number that was issued: ten times the same digit never was", "NHS number dropped, the rest of the row kept", "send no number where none is known"})
	NHSNumberStatus = register(Code{"nhs-number-status", Warning, "an NHS number status indicator, 01 to 08", "status dropped, the rest of the row kept", "send a status of the NHS Data Dictionary"})
	BirthDateReal   = register(Code{"birth-date-impossible", Warning, "a day of the calendar", "birth date dropped, the rest of the row kept", "correct the date at the source and send the row again"})
	BirthDateFuture = register(Code{"birth-date-future", Warning, "a day not after the day of receipt", "birth date dropped, the rest of the row kept", "correct the date at the source and send the row again"})
	BirthDateEmpty  = register(Code{"birth-date-placeholder", Warning, "a birth date and not a placeholder for an unknown one", "birth date dropped, the rest of the row kept", "send no date where none is known"})
	PostcodeForm    = register(Code{"postcode-form", Information, "a UK postcode", "postcode kept as it came", "correct the postcode at the source"})

	// Visits and results of HL7 v2.
	VisitUnnamed = register(Code{"visit-without-id", Warning, "a visit number (PV1-19) or a time of admission (PV1-44)", "visit dropped, the rest of the row kept", "send the visit number"})
	ValueText    = register(Code{"value-as-text", Information, "a value of the type that the row names", "value kept as text", "correct the type or the value at the source"})

	// What is understood and not taken.
	KindUnknown   = register(Code{"kind-unknown", Error, "a message or resource type that the feed takes", "row skipped", "take the row out of the extract, or ask the region to add the type"})
	SegmentKept   = register(Code{"segment-not-mapped", Information, "a segment with a mapping", "the segment stays in the raw file only", "none needed"})
	ReferenceOpen = register(Code{"reference-dangling", Information, "a reference to a resource that has been sent", "reference kept: it resolves when the resource arrives", "send the resource it refers to"})
	MethodUnknown = register(Code{"method-not-supported", Error, "a Bundle entry to POST or PUT", "row skipped", "take the row out, or ask the region how to send deletions"})
)

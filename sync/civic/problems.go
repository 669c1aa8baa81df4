package civic

// The codes of every problem a person can meet. The sentence beside each is the
// English one; the app's translations hold the same codes in every language.
const (
	WrongPassphrase    Code = "wrong_passphrase"
	WrongPIN           Code = "wrong_pin"
	WeakPassphrase     Code = "weak_passphrase"
	Locked             Code = "locked"
	NotEnrolled        Code = "not_enrolled"
	AlreadyEnrolled    Code = "already_enrolled"
	KitBusy            Code = "kit_busy"
	CodeMalformed      Code = "code_malformed"
	CodeUnknown        Code = "code_unknown"
	CodeExpired        Code = "code_expired"
	CodeUsed           Code = "code_used"
	WrongServer        Code = "wrong_server"
	NoNetwork          Code = "no_network"
	ServerBusy         Code = "server_busy"
	Stopped            Code = "stopped"
	ClockDoubt         Code = "clock_doubt"
	DiskFull           Code = "disk_full"
	StoreDamaged       Code = "store_damaged"
	RowDamaged         Code = "row_damaged"
	StoreNewer         Code = "store_newer"
	FormUnknown        Code = "form_unknown"
	FormVersionUnknown Code = "form_version_unknown"
	FormRefused        Code = "form_refused"
	ColumnsUnknown     Code = "columns_unknown"
	AnswersIncomplete  Code = "answers_incomplete"
	AnswersInvalid     Code = "answers_invalid"
	AnswerRequired     Code = "answer_required"
	AnswerConstraint   Code = "answer_constraint"
	AnswerInteger      Code = "answer_integer"
	AnswerNumber       Code = "answer_number"
	AnswerDate         Code = "answer_date"
	AnswerTime         Code = "answer_time"
	AnswerChoice       Code = "answer_choice"
	AnswerPosition     Code = "answer_position"
	AnswerRange        Code = "answer_range"
	AnswerTooLong      Code = "answer_too_long"
	BatchForeign       Code = "batch_foreign"
	BatchTruncated     Code = "batch_truncated"
	BatchSignature     Code = "batch_signature"
	BatchUnreadable    Code = "batch_unreadable"
	VersionUnknown     Code = "version_unknown"
	DeviceUnknown      Code = "device_unknown"
	DeviceRevoked      Code = "device_revoked"
	NeedKey            Code = "need_key"
	RegistrationClash  Code = "registration_clash"
	UploadTooLarge     Code = "upload_too_large"
	UploadChecksum     Code = "upload_checksum"
	UploadUnknown      Code = "upload_unknown"
	UploadOffset       Code = "upload_offset"
	RequestMalformed   Code = "request_malformed"
	StatementForged    Code = "statement_forged"
	ReceiptUnreadable  Code = "receipt_unreadable"
	ReceiptForged      Code = "receipt_forged"
	ReceiptNotYet      Code = "receipt_not_yet"
	ReceiptExpired     Code = "receipt_expired"
	ReceiptIssuer      Code = "receipt_issuer"
	PictureNoCode      Code = "picture_no_code"
	RegistrationAbsent Code = "registration_absent"
	FileUnreadable     Code = "file_unreadable"
	SignInRefused      Code = "sign_in_refused"
	TooManyTries       Code = "too_many_tries"
	ServerFull         Code = "server_full"
	LedgerDamaged      Code = "ledger_damaged"
	LedgerNewer        Code = "ledger_newer"
	LedgerUnreachable  Code = "ledger_unreachable"
	NotInitialised     Code = "not_initialised"
	AlreadyInitialised Code = "already_initialised"
	KeyUnreadable      Code = "key_unreadable"
	PersonAbsent       Code = "person_absent"
	MovedOn            Code = "moved_on"
	NotYours           Code = "not_yours"
	DeviceAbsent       Code = "device_absent"
	ChainBroken        Code = "chain_broken"
	PracticeKept       Code = "practice_kept"
	ProcessingFailed   Code = "processing_failed"
	CentreUnwell       Code = "centre_unwell"
	NotHub             Code = "not_hub"
	HubOnly            Code = "hub_only"
	TwoPeople          Code = "two_people"
	WrongUse           Code = "wrong_use"
	LogAltered         Code = "log_altered"
	LogGap             Code = "log_gap"
	LogForked          Code = "log_forked"
	LogSignature       Code = "log_signature"
	LogMalformed       Code = "log_malformed"
	AnswersMalformed   Code = "answers_malformed"
	RecoveryForeign    Code = "recovery_foreign"
	PictureUnknown     Code = "picture_unknown"
	CameraProgram      Code = "camera_program"
	CameraAbsent       Code = "camera_absent"
	CameraBusy         Code = "camera_busy"
	CameraDenied       Code = "camera_denied"
	CameraStopped      Code = "camera_stopped"
	CameraSource       Code = "camera_source"
	LeaseOver          Code = "lease_over"
	LeaseNear          Code = "lease_near"
	DiskNear           Code = "disk_near"
	Unexpected         Code = "unexpected"
	ImportEmpty        Code = "import_empty"
	BackupAbsent       Code = "backup_absent"
	WipeOrdered        Code = "wipe_ordered"
	SyncWindow         Code = "sync_window"
	DataCap            Code = "data_cap"
	MobileNetwork      Code = "mobile_network"
	MediumFailed       Code = "medium_failed"
	MediumAnswer       Code = "medium_answer"
	InterviewTooLarge  Code = "interview_too_large"
	BackupMissed       Code = "backup_missed"
	MatchMap           Code = "match_map"
	ExpressionUnread   Code = "expression_unread"
	DocumentUnread     Code = "document_unread"
	WindowAbsent       Code = "window_absent"
	StoreTail          Code = "store_tail"
	OfficerAbsent      Code = "officer_absent"
	RowsRejected       Code = "rows_rejected"
	PassphraseFile     Code = "passphrase_file"
	ServedAlready      Code = "served_already"
	ListenFailed       Code = "listen_failed"
	KeysAbsent         Code = "keys_absent"
	StaffAbsent        Code = "staff_absent"
	FileUnwritable     Code = "file_unwritable"
	FileAbsent         Code = "file_absent"
	FileEncoding       Code = "file_encoding"
	ListCut            Code = "list_cut"
	ServerUnreachable  Code = "server_unreachable"
	PassphraseTaken    Code = "passphrase_taken"
	AgencyAbsent       Code = "agency_absent"
	AgreementAbsent    Code = "agreement_absent"
	AgreementRefused   Code = "agreement_refused"
	QuotaUsed          Code = "quota_used"
	RegistryDown       Code = "registry_down"
	RegistryRefused    Code = "registry_refused"
	RegistryBroken     Code = "registry_broken"
	OpenerAway         Code = "opener_away"
	NeedsOpener        Code = "needs_opener"
	ReasonWanted       Code = "reason_wanted"
	CodeRefused        Code = "code_refused"
	EntryRefused       Code = "entry_refused"
	CodesDiffer        Code = "codes_differ"
	CodeWeak           Code = "code_weak"
	WordsWanted        Code = "words_wanted"
	ObjectionAbsent    Code = "objection_absent"
	AlreadyAnswered    Code = "already_answered"
	SecondPair         Code = "second_pair"
	PlacesRefused      Code = "places_refused"
	PlacesUnreadable   Code = "places_unreadable"
	EventsRefused      Code = "events_refused"
	ClaimsMap          Code = "claims_map"
	ClaimsRejected     Code = "claims_rejected"
	SourceAbsent       Code = "source_absent"
	ReasonRequired     Code = "reason_required"
	IntroducerLimit    Code = "introducer_limit"
	WitnessesAlike     Code = "witnesses_alike"
	VoucherSelf        Code = "voucher_self"
	VoucherMissing     Code = "voucher_missing"
	EvidenceDue        Code = "evidence_due"
	VoiceAbsent        Code = "voice_absent"
	VoiceLanguage      Code = "voice_language"
	VoiceSilent        Code = "voice_silent"
	VoiceBroken        Code = "voice_broken"
	PackAbsent         Code = "pack_absent"
	PackDamaged        Code = "pack_damaged"
	PersonShut         Code = "person_shut"
	PersonLeft         Code = "person_left"
	ReceiptBare        Code = "receipt_bare"
	ReceiptOther       Code = "receipt_other"
	NotSupervisor      Code = "not_supervisor"
	AskedTooOften      Code = "asked_too_often"
	PersonUnclear      Code = "person_unclear"
	OfficerAbsentThere Code = "officer_absent_there"
)

var catalogue = map[Code]Sentence{
	WrongPassphrase:    {"This passphrase does not open the kit.", "Type it again; capital letters and spaces count. Nothing was lost.", 401},
	WrongPIN:           {"This number does not open the screen.", "{1} tries are left; after them the passphrase is needed. Nothing was lost.", 401},
	WeakPassphrase:     {"This passphrase is too easy to guess.", "Use at least four words that have nothing to do with each other, such as the kit proposes.", 422},
	Locked:             {"The kit is locked.", "Unlock it with your passphrase, or give --passphrase-file.", 401},
	NotEnrolled:        {"This kit is not enrolled yet.", "Ask your office for an enrolment code and enter it here.", 409},
	AlreadyEnrolled:    {"This kit is enrolled already.", "Go on with it, or choose another folder for a new kit.", 409},
	KitBusy:            {"Another window or command is using this kit.", "Close the other one first.", 409},
	CodeMalformed:      {"This enrolment code is not complete.", "Compare it with the paper, sign by sign, or scan it.", 400},
	CodeUnknown:        {"The centre does not know this enrolment code.", "Ask your office for a new code.", 404},
	CodeExpired:        {"This enrolment code has expired.", "Ask your office for a new code; it stays valid for a short time only.", 410},
	CodeUsed:           {"This enrolment code was used already.", "Each code enrols one kit. Ask your office for a new one, and tell them if you did not use it yourself.", 409},
	WrongServer:        {"The server that answered is not the one this kit belongs to.", "Nothing was sent. Check the network you are on, and tell your office if it stays so.", 421},
	NoNetwork:          {"No signal. Everything is safe on this kit.", "It will be sent when there is signal.", 503},
	ServerBusy:         {"The centre is busy. Everything is safe on this kit.", "The kit tries again by itself.", 503},
	Stopped:            {"Stopped. What was done stays done; the rest is safe.", "Start again when you like; nothing is done twice.", 499},
	ClockDoubt:         {"This kit's clock differs from the centre's by {1}.", "Set date and time in the tablet's settings. Nothing is lost: each registration keeps both times.", 409},
	DiskFull:           {"The disk is full: {1} are free and {2} are needed.", "What was saved before is safe. Free some space, then try again.", 507},
	StoreDamaged:       {"The kit's memory could not be opened and was set aside whole as {1}.", "Nothing was deleted. Bring the kit to your office: the registry can recover what is in it.", 500},
	RowDamaged:         {"One entry of the kit's memory is damaged and was set aside.", "Everything else is usable. Tell your office, the damaged entry was kept as evidence.", 500},
	StoreNewer:         {"This kit's memory was written by a newer program.", "Install the newer program again; nothing was changed.", 409},
	FormUnknown:        {"The form {1} is not on this machine.", "Sync to fetch it, or give the path of its workbook.", 404},
	FormVersionUnknown: {"The version {1} of this form is not known here.", "It is kept and taken in as soon as that version arrives.", 409},
	FormRefused:        {"This form cannot be used: {1}.", "Correct the workbook where the message says and load it again.", 422},
	ColumnsUnknown:     {"The list has no column for {1}.", "Compare the first line of the list with what is asked of it: the form's questions, or the map.", 422},
	AnswersIncomplete:  {"An answer is still missing: {1}.", "Go to the question and answer it, or choose \"not known\".", 422},
	AnswersInvalid:     {"An answer does not fit: {1}.", "Go to the question and read what it asks for.", 422},
	AnswerRequired:     {"\"{1}\" needs an answer.", "Answer it, or choose \"not known\" where that is offered.", 422},
	AnswerConstraint:   {"The answer to \"{1}\" does not fit.", "Read the question once more and correct the answer.", 422},
	AnswerInteger:      {"\"{1}\" wants a whole number.", "Type digits only.", 422},
	AnswerNumber:       {"\"{1}\" wants a number.", "Type digits, with a point before fractions.", 422},
	AnswerDate:         {"\"{1}\" wants a date that the calendar has.", "Type day, month and year; leave out what is not known where the question allows it.", 422},
	AnswerTime:         {"\"{1}\" wants a time of day.", "Type hours and minutes, such as 14:05.", 422},
	AnswerChoice:       {"\"{1}\" has an answer that is not among its choices.", "Choose one of those shown.", 422},
	AnswerPosition:     {"\"{1}\" wants a position on the earth.", "Type latitude and longitude with a blank between them, such as 17.0732 -96.7266.", 422},
	AnswerRange:        {"\"{1}\" wants a number between {2} and {3}.", "Type a number of that range.", 422},
	AnswerTooLong:      {"The answer to \"{1}\" is too long.", "Shorten it.", 422},
	BatchForeign:       {"This batch was made for another registry or by a kit of another office.", "It was set aside and nothing of it was lost. Send it to the registry it was made for.", 409},
	BatchTruncated:     {"This batch is not complete.", "The part that came was set aside; the kit still holds the whole and sends it again.", 400},
	BatchSignature:     {"This batch does not carry the signature of the kit it names.", "It was set aside as evidence. Check the kit and the way it travelled.", 422},
	BatchUnreadable:    {"This batch could not be read.", "It was set aside whole; the kit still holds its copy.", 422},
	VersionUnknown:     {"This is written in version {1} of the kit's language; version {2} is understood here.", "Nothing was lost. Renew the older of the two programs, kit or centre, then sync again.", 400},
	DeviceUnknown:      {"The centre does not know the kit that made this.", "It was set aside. Enrol the kit, then take the batch in again.", 401},
	DeviceRevoked:      {"This kit was withdrawn by its office.", "What it holds is safe and can still be handed over. Bring it to your office.", 403},
	NeedKey:            {"The day's key for this batch has not arrived yet.", "The kit sends it by itself at the next sync.", 409},
	RegistrationClash:  {"Another registration with the same number but other content is at the centre.", "Both are kept. The kit may have been restored or copied: tell your office.", 409},
	UploadTooLarge:     {"This is larger than the centre takes: {1}.", "Nothing was lost. Send a smaller picture, or ask your office.", 413},
	UploadChecksum:     {"A part arrived damaged and was asked for again.", "The kit sends it again by itself.", 460},
	UploadUnknown:      {"The centre does not know this upload.", "The kit starts it again by itself.", 404},
	UploadOffset:       {"The centre holds another part of this file than the kit thought.", "The kit goes on at the right place by itself.", 409},
	RequestMalformed:   {"The request could not be read.", "Update the program that sent it.", 400},
	StatementForged:    {"A message does not carry the registry's signature and was not believed.", "Nothing was lost or changed. Sync again, and tell your office if it stays so.", 422},
	ReceiptUnreadable:  {"This is not a receipt, or a part of it is missing.", "Scan it again in good light, the whole square.", 422},
	ReceiptForged:      {"This receipt is not genuine: its signature does not fit.", "Do not rely on it. Keep it and tell your office.", 422},
	ReceiptNotYet:      {"This receipt is dated in the future.", "Check the date and time of this machine first.", 422},
	ReceiptExpired:     {"This receipt has expired.", "The office can print a new one.", 422},
	ReceiptIssuer:      {"The kit that issued this receipt is not known here.", "Sync to fetch the list of kits, then check again.", 422},
	PictureNoCode:      {"No code was found in this picture.", "Take it again: closer, the whole square, without glare.", 422},
	RegistrationAbsent: {"There is no registration {1} on this kit.", "List them with \"search\", or look at the centre.", 404},
	FileUnreadable:     {"The file {1} cannot be read.", "Check its name and that it may be opened.", 400},
	SignInRefused:      {"Name or passphrase is wrong.", "Type both again. After several tries the account waits a while.", 401},
	TooManyTries:       {"Too many tries.", "Wait {1}, then try again.", 429},
	ServerFull:         {"The centre's disk is full.", "Everything taken in before is safe; kits keep the rest and send it again. Make room on the server.", 507},
	LedgerDamaged:      {"The centre's ledger is damaged or is not one.", "Nothing was changed. Stop the server, keep the file, and restore the last backup.", 500},
	LedgerUnreachable:  {"The centre's database does not answer.", "See that PostgreSQL runs and that --db names it. Nothing was lost.", 503},
	LedgerNewer:        {"The centre's ledger was written by another version of this program.", "Install the newer program again; nothing was changed.", 409},
	NotInitialised:     {"There is no centre in {1} yet.", "Run fieldkit-server init --data DIR first.", 409},
	AlreadyInitialised: {"There is a centre in {1} already.", "Go on with it, or choose another folder.", 409},
	PersonAbsent:       {"The registry does not know this person.", "Look at the list again; somebody may have decided it meanwhile.", 404},
	NotYours:           {"Your account may not see this.", "Ask somebody whose task it is; what you may see is in the menu.", 403},
	MovedOn:            {"Somebody has decided this meanwhile.", "Look at it again as it stands now; nothing was changed.", 409},
	KeyUnreadable:      {"The key file {1} cannot be read.", "Put it back from where the keys are kept, readable by this user only.", 500},
	DeviceAbsent:       {"There is no kit {1} here.", "See fieldkit-server device list.", 404},
	ChainBroken:        {"This registration does not follow on the one before it.", "Both are kept. The kit may have been restored or copied: tell your office.", 409},
	PracticeKept:       {"This registration was made for practice.", "Practice stays on the kit and is not registered.", 422},
	PictureUnknown:     {"This file is not a picture the kit can use.", "Choose a JPEG or PNG picture.", 415},
	CameraProgram:      {"The program that reads the camera, ffmpeg, is not on this tablet.", "Have it installed (Debian: apt install ffmpeg). Until then choose a picture from a file.", 503},
	CameraAbsent:       {"No camera was found.", "Plug one in and try again; or choose a picture from a file.", 404},
	CameraBusy:         {"Another program is using the camera.", "Close it and try again; or choose a picture from a file.", 409},
	CameraDenied:       {"The system does not let this program use the camera.", "Allow it in the system's settings (Linux: add the user to the group video). Until then choose a picture from a file.", 403},
	CameraStopped:      {"The camera gives no pictures.", "Try again, or another camera; or choose a picture from a file. Nothing was lost.", 502},
	CameraSource:       {"{1} names no camera.", "Choose one from the list, or write it as in v4l2:/dev/video0.", 422},
	LeaseOver:          {"The time this kit may start new interviews is over.", "Sync to renew it. Everything on the kit is safe; drafts, lists, receipts and sending go on as before.", 403},
	LeaseNear:          {"This kit may start new interviews until {1}.", "Sync before then to renew it.", 200},
	DiskNear:           {"The disk is nearly full: {1} are free.", "Free some space soon. What was saved is safe.", 200},
	Unexpected:         {"Something went wrong that the program did not expect.", "What was saved is safe. Try again, and tell your office if it stays.", 500},
	RowsRejected:       {"{1} rows were refused; {3} rows of the list are sealed.", "The refused rows stand in {2} with the reason. Correct them there and import that file.", 422},
	FileUnwritable:     {"The file or folder {1} cannot be written.", "Check its name, that the folder exists and may be written to, and that the disk is not full.", 400},
	FileAbsent:         {"There is no file {1}.", "Check its name and its folder.", 404},
	FileEncoding:       {"The list {1} is not text in UTF-8; nothing of it was sealed.", "Open it in the spreadsheet, save it as \"CSV UTF-8\" and import that file.", 422},
	ListCut:            {"The list {1} could not be read to its end; {2} rows of it are sealed.", "Run the import again: it goes on, and rows sealed before are not sealed twice.", 400},
	ServerUnreachable:  {"The centre at {1} does not answer; this kit is not enrolled yet.", "Check the address and the network, then try again with the same code.", 503},
	PassphraseTaken:    {"This passphrase cannot be used on this kit.", "Choose another one: each officer has a passphrase of his own.", 422},
	PassphraseFile:     {"The passphrase file {1} cannot be used.", "It holds the passphrase on its first line. Check its name and that it may be read.", 400},
	MediumFailed:       {"The medium could not be written.", "Everything is safe on this kit. Check that the medium is in, not full and not write-protected, then try again.", 507},
	SyncWindow:         {"The kit syncs by itself between {1} and {2} only.", "Everything is safe on this kit. Sync by hand if it is urgent.", 409},
	DataCap:            {"Today's {1} for syncing are used up.", "Everything is safe on this kit; it goes on tomorrow. Sync by hand if it is urgent.", 409},
	MobileNetwork:      {"The kit does not sync by itself over a mobile network.", "Everything is safe on this kit. Sync by hand if it is urgent.", 409},
	WipeOrdered:        {"The registry ended this kit; it is emptied once everything on it is at the centre.", "Seal or discard the drafts, then sync. Nothing is destroyed before it is at the centre.", 403},
	BackupAbsent:       {"There is no backup of another kit in {1}.", "Insert the lost kit's medium and name its folder.", 404},
	StoreTail:          {"The disk damaged the end of this kit's memory: the last entries before it was opened may be missing.", "What was damaged is kept in {1}. Compare the last receipts with the list, restore from the medium what is missing, and tell your office.", 409},
	InterviewTooLarge:  {"This interview is too large for one registration: it has {1} answers and {2} pictures, and one takes {3} and {4}, with a megabyte of text at most.", "Nothing was lost: the draft is kept. Take some of the people or pictures out, and register those in a second interview.", 422},
	MediumAnswer:       {"What the centre left on this medium for this kit is damaged and was not taken in.", "What waits here was written to the medium all the same. Sync, or take the medium to the centre once more, for another answer.", 422},
	BackupMissed:       {"The copy on the backup medium is not up to date.", "Insert the medium again; it is brought up to date with the next registration. Everything is safe on this kit.", 409},
	OfficerAbsent:      {"No officer {1} is known to this kit.", "List them with \"officer list\".", 404},
	ImportEmpty:        {"The list holds no rows.", "Its first line names the columns; each line below is one entry.", 422},
	MatchMap:           {"The map cannot be used: {1}.", "It is an object of column names, as in {\"id\": \"number\", \"given_name\": [\"name\"], \"birth_date\": \"born\"}; one of them to compare people by.", 422},
	ExpressionUnread:   {"The expression cannot be worked out: {1}.", "Compare its brackets, its quotation marks and the names of its functions.", 422},
	DocumentUnread:     {"The document cannot be read: {1}.", "It is one XML element with everything else inside it.", 422},
	WindowAbsent:       {"There is no display to open the window on.", "Start it on a tablet or desktop, or give a command: fieldkit --help lists them.", 503},
	ProcessingFailed:   {"The centre could not work on this file; it was set aside whole.", "Nothing was lost. Whoever runs the centre finds the cause in its log and tries again.", 422},
	CentreUnwell:       {"The centre needs attention.", "See the findings marked bad.", 500},
	PackAbsent:         {"This kit holds no people of its district yet.", "Sync; the centre sends them once it has made a district pack.", 404},
	PackDamaged:        {"A part of the district pack could not be read.", "Nothing of yours is lost: the next sync fetches the pack anew.", 500},
	PersonShut:         {"This does not open what the state holds of this person.", "Scan this person's own receipt, ask a supervisor, or ask the centre.", 403},
	PersonLeft:         {"This person is no longer among the people of the district.", "Register without it, or ask the centre.", 404},
	ReceiptBare:        {"This receipt is from before receipts could open anything.", "Ask a supervisor or the centre; the new receipt of this visit will open.", 422},
	ReceiptOther:       {"This receipt belongs to nobody in the district pack.", "It may be newer than the pack. Sync, or ask the centre.", 404},
	NotSupervisor:      {"This is not the passphrase of a supervisor of this kit.", "Let the supervisor type it. The registry names who is one.", 403},
	AskedTooOften:      {"This kit has asked the centre for many people in a short time.", "Wait {1}, or use the person's receipt.", 429},
	PersonUnclear:      {"More than one person could be meant.", "Say more: the whole name, the day of birth, the place, or scan a receipt.", 409},
	OfficerAbsentThere: {"The centre knows no officer {1} who asked to become a supervisor on that kit.", "The officer asks on the kit first; the request arrives with its next sync.", 404},
	CodesDiffer:        {"The two codes are not the same.", "Type the same code twice.", 422},
	EntryRefused:       {"Receipt and code do not fit together.", "Check both. The code is on the slip that came with the receipt, or the one you chose; an office can help.", 403},
	CodeWeak:           {"This code is too easy to guess.", "Choose at least six signs, not all the same.", 422},
	WordsWanted:        {"Say what it is about.", "A few words at least, and at most a thousand signs.", 422},
	ObjectionAbsent:    {"There is no such objection.", "Look at the list again.", 404},
	AlreadyAnswered:    {"Somebody has answered this already.", "Look at the list again.", 409},
	CodeRefused:        {"This code is not right.", "Each code counts once. Wait for the next one; check that the clock of your phone is right.", 403},
	ReasonWanted:       {"Say why you look.", "A sentence of at least ten signs and at most two hundred; against your role at least twenty.", 403},
	OpenerAway:         {"The part of the centre that holds the registry's keys does not answer.", "Start fieldkit-server opener on the same data; nothing is lost meanwhile.", 503},
	NeedsOpener:        {"This needs the registry's keys, which are not in this folder of keys.", "Run it where the opener runs, with --keys and the opener's folder.", 400},
	NotHub:             {"Only a hub may ask this.", "Enrol the hub with a code made by fieldkit-server device invite --hub.", 403},
	HubOnly:            {"This is a regional hub: it takes in what kits hold, but it cannot do this.", "Ask the centre, when there is a network to it.", 409},
	TwoPeople:          {"Two different people have to agree to this.", "Name two accounts of the registry, each with its own password.", 403},
	ServedAlready:      {"The folder {1} is served already.", "Stop the other fieldkit-server serve first, or serve another folder.", 409},
	ListenFailed:       {"The address {1} cannot be listened on.", "Another program may use it. Choose another with --listen, written 127.0.0.1:8443.", 400},
	KeysAbsent:         {"The registry's keys are not in {1}.", "Put them back into DIR/keys from where they are kept, or name their folder with --keys, then restore again.", 409},
	StaffAbsent:        {"There is no account {1} here.", "See fieldkit-server staff list.", 404},
	RegistryDown:       {"The outside registry {1} does not answer.", "What is meant for it waits in the outbox and is told again by itself. Nothing was lost.", 503},
	RegistryRefused:    {"The outside registry {1} refused what it was told ({2}).", "Look into it with whoever runs that registry, then run fieldkit-server registry retry. Nothing was lost.", 502},
	RegistryBroken:     {"The outside registry {1} gave an answer that cannot be used.", "It is asked again by itself. Tell whoever runs that registry if it stays. Nothing was lost.", 502},
	SecondPair:         {"A second reviewer has to decide on this: two different people have to look.", "Nothing was changed. Leave it to a colleague.", 403},
	AnswersMalformed:   {"The file of answers cannot be read as JSON.", "Give a list of actions, or an object of paths and values; a comma or a bracket may be missing.", 422},
	RecoveryForeign:    {"This file is for another kit or another registry.", "Nothing was changed. Ask for the file that answers this kit's own request.", 409},
	LogMalformed:       {"This is no part of a log of looks.", "Check that the file is the one that was handed out.", 422},
	LogSignature:       {"The log's head is not signed by this registry.", "Do not rely on it, and tell the oversight body.", 409},
	LogForked:          {"The centre shows a log of looks that differs from the one seen before.", "Work goes on and nothing was lost. The evidence is kept: tell your supervisor and the oversight body.", 409},
	LogGap:             {"The centre's log of looks was restored from a backup; {1} rows seen outside are missing.", "Work goes on. The gap stays visible; the oversight body can ask the centre about it.", 409},
	LogAltered:         {"The log of looks is not what its tree says: {1} findings.", "Keep the database as it is, and tell the oversight body.", 409},
	AgencyAbsent:       {"There is no agency {1} here.", "See fieldkit-server agency list.", 404},
	AgreementAbsent:    {"There is no such revision of the agreement {1}.", "See fieldkit-server agreement list.", 404},
	AgreementRefused:   {"This agreement cannot be taken: {1}.", "Correct the file and draft it again; what is in force stays so.", 422},
	QuotaUsed:          {"This agency has been given as many people today as its agreement allows.", "Go on tomorrow, or have the quota changed.", 429},
	WrongUse:           {"{1}", "Run the command with --help to see how it is used.", 400},
	PlacesRefused:      {"The list of places cannot be used: {1}: {2}.", "Correct the list where the message says and import it again. The list in use was not changed.", 422},
	PlacesUnreadable:   {"A list of places from the centre could not be read.", "The list in use stays. Sync again, and tell your office if it stays so.", 422},
	EventsRefused:      {"The list of events cannot be used: line {1}: {2}.", "Correct the line and import the list again. The list in use was not changed.", 422},
	ClaimsMap:          {"The map cannot be used: {1}.", "Each key is an attribute of the dictionary, or id, date, evidence, area; see fieldkit-server claims import --help.", 422},
	ClaimsRejected:     {"{1} rows were refused; {3} rows of the table were taken in or known already.", "The refused rows stand in {2} with the reason. Correct them there and import that file.", 422},
	SourceAbsent:       {"Nothing stands from the source {1}.", "See fieldkit-server claims list.", 404},
	ReasonRequired:     {"Reading a person's data needs a reason.", "Give it with --reason; it is written into the log that the person can read.", 403},
	IntroducerLimit:    {"This introducer has vouched for as many new people within a year as one may.", "Somebody at the centre looks at it. Ask for another introducer, two witnesses or the head of the family.", 409},
	WitnessesAlike:     {"The two witnesses have to be two different people.", "Ask for the name of a second witness.", 409},
	VoucherSelf:        {"Nobody can vouch for himself.", "Ask who else knows the person.", 409},
	VoucherMissing:     {"The name of who vouches for the person is missing.", "Ask for it, or choose what else shows who the person is.", 409},
	EvidenceDue:        {"What shows who this person is was weak; it should be strengthened by {1}.", "Ask for a paper, or for the head of the family, at this visit.", 200},
	VoiceAbsent:        {"This kit has no voice: the program espeak-ng is not here.", "Read it to the person yourself.", 404},
	VoiceLanguage:      {"This kit's voice does not speak the language {1}.", "Read it to the person yourself.", 404},
	VoiceSilent:        {"No sound comes out of this kit.", "Read it to the person yourself. Later, see that its loudspeaker works.", 503},
	VoiceBroken:        {"This kit's voice could not read this.", "Read it to the person yourself.", 500},
}

using Gatehouse.People;
using Gatehouse.SignIn.OneTime;
using QRCoder;

namespace Gatehouse.Facades.Expertflow.OneTime;

/// <summary>The interim object between the first factor and the second: no token in it. Its ticket is ours; clients that do not know it go on by what the vendor has.</summary>
internal static class InterimReply
{
    public static Task WriteAsync(HttpContext context, bool wrapped, User user, Interim interim) => Reply.ObjectAsync(context, wrapped, writer =>
    {
        writer.WriteString(Vendor.Username, user.Username);
        writer.WriteBoolean("is2FARegistered", interim.Registered);
        writer.WriteString("twoFAChannel", interim.Channel);
        writer.WriteString("message", interim.Registered ? Vendor.OneTimeRequired : Vendor.RegistrationRequired);
        if (interim.Phone is { } phone) writer.WriteString(Vendor.PhoneNumber, phone);
        if (interim.Secret is { } secret) writer.WriteString("otpSecret", secret);
        if (interim.Address is { } address) writer.WriteString("qrImage", "data:image/png;base64," + Convert.ToBase64String(PngByteQRCodeHelper.GetQRCode(address, QRCodeGenerator.ECCLevel.M, 6)));
        writer.WriteString(Vendor.Ticket, interim.Ticket);
    });
}

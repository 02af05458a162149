using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gatehouse.Outbound;
using Microsoft.Extensions.Options;

namespace Gatehouse.SignIn.OneTime;

/// <summary>How the sending of a message ended.</summary>
public enum Sending
{
    /// <summary>The provider took it.</summary>
    Taken,

    /// <summary>The provider refused it, or none is configured.</summary>
    Refused,

    /// <summary>The provider cannot be asked.</summary>
    Away,
}

/// <summary>Sends text messages by Twilio's Messages API: <c>POST {url}/2010-04-01/Accounts/{account}/Messages.json</c>, Basic, a form of To, From and Body.</summary>
public sealed class TextMessages(OutboundHttp http, IOptions<OneTimeSettings> options, ILogger<TextMessages> logger)
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private readonly OneTimeSettings settings = options.Value;

    /// <summary>Sends a code. Neither number nor code is ever logged.</summary>
    public async Task<Sending> SendAsync(string phone, string code, CancellationToken stop)
    {
        if (settings.SmsUrl.Length == 0 || Secret() is not { } secret)
        {
            logger.LogWarning("A code could not be sent: {Missing}.", settings.SmsUrl.Length == 0 ? "signin:onetime:smsUrl names no provider" : "the provider's secret is in neither signin:onetime:smsSecretFile nor the environment variable that smsSecretVariable names");
            return Sending.Refused;
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, $"{settings.SmsUrl.TrimEnd('/')}/2010-04-01/Accounts/{Uri.EscapeDataString(settings.SmsAccount)}/Messages.json")
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{settings.SmsAccount}:{secret}"))) },
            Content = new FormUrlEncodedContent([new("To", phone), new("From", settings.SmsFrom), new("Body", settings.SmsText.Replace("{code}", code, StringComparison.Ordinal))]),
        };
        try
        {
            var (status, _) = await http.SendAsync(request, stop);
            if (status is HttpStatusCode.Created or HttpStatusCode.OK) return Sending.Taken;
            logger.LogWarning("The text message provider answers {Status}.", (int)status);
            return (int)status >= 500 ? Sending.Away : Sending.Refused;
        }
        catch (Exception wrong) when (wrong is HttpRequestException || (wrong is OperationCanceledException && !stop.IsCancellationRequested))
        {
            logger.LogWarning("The text message provider cannot be asked: {Message}", wrong.Message);
            return Sending.Away;
        }
    }

    private string? Secret()
    {
        try
        {
            if (settings.SmsSecretFile.Length > 0 && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(settings.SmsSecretFile) & Others) != UnixFileMode.None)
            {
                logger.LogWarning("The secret in {File} can be read by others, and is not used. Mend it with: chmod 600 '{File}'", settings.SmsSecretFile, settings.SmsSecretFile);
                return null;
            }

            var text = settings.SmsSecretFile.Length > 0 ? File.ReadAllText(settings.SmsSecretFile) : settings.SmsSecretVariable.Length > 0 ? Environment.GetEnvironmentVariable(settings.SmsSecretVariable) : null;
            return text?.Trim() is { Length: > 0 } secret ? secret : null;
        }
        catch (Exception wrong) when (wrong is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
